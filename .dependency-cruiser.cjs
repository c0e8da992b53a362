/**
 * The folders of src, ranked: a folder imports only from folders above it in this list, and from itself.
 * The first group uses no Node API, so that it runs in browsers as well.
 */
const portable = [
  'base',
  'time',
  'names',
  'format',
  'filter',
  'ring-buffer',
  'trace-file',
  'timeline',
  'text',
  'wire',
  'sync',
  'proof',
  'tracks',
];
const nodeOnly = ['node', 'kernel', 'transport', 'sampler', 'record', 'agent', 'demo', 'view', 'cli'];
const ranks = [...portable, ...nodeOnly];

module.exports = {
  forbidden: [
    ...ranks.map((folder, rank) => ({
      name: `rank-${folder}`,
      comment: `src/${folder} may import from: ${ranks.slice(0, rank + 1).join(', ')}`,
      severity: 'error',
      from: { path: `^src/${folder}/` },
      to: { path: `^src/(${['index\\.ts$', ...ranks.slice(rank + 1).map((later) => `${later}/`)].join('|')})` },
    })),
    {
      name: 'portable-without-node',
      comment: 'What reads and shows traces runs in browsers too: no Node API there',
      severity: 'error',
      from: { path: `^src/(${portable.join('|')})/`, pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    { name: 'nothing-by-the-page', severity: 'error', from: { path: '^src/' }, to: { path: '^viewer/' } },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  ],
  options: { parser: 'swc', tsPreCompilationDeps: true, doNotFollow: { path: 'node_modules' } },
};
