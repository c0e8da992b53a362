import { describe, expect, test } from 'vitest';
import { BtfBuilder } from '../../../test/support/build-btf.ts';
import { formatText } from '../../../test/support/build-events.ts';
import { ByteBuilder } from '../../../test/support/byte-builder.ts';
import { comparesToStock, type Scenario } from '../../../test/support/event-texts.ts';
import { buildRecord, Random } from '../../../test/support/random-records.ts';
import { TandemError } from '../../base/errors.ts';
import { Btf } from './btf.ts';

const stored = new URL('./expected/function-arguments.json', import.meta.url);

function kernel(): Uint8Array {
  const btf = new BtfBuilder();
  const [int, uint, u64, bool, short] = [
    btf.int('int', 32, true),
    btf.int('unsigned int', 32),
    btf.int('u64', 64),
    btf.int('bool', 8),
    btf.int('short', 16, true),
  ];
  const odd = btf.int('odd', 50);
  const pointer = btf.type('', 2, 0);
  const mode = btf.type('mode', 6, 4, [0, 0], 1);
  const pair = btf.type('pair', 4, 16, [0, u64, 0, 0, u64, 64], 2);
  const pid = btf.type('pid_t', 8, btf.type('', 10, btf.type('', 9, int)));
  const small = btf.type('small', 5, 4, [0, int, 0], 1);
  const wide = btf.type('wide', 19, 8, [0, 0, 0], 1);
  const real = btf.type('float', 16, 4);
  const restricted = btf.type('tag', 18, btf.type('', 11, pointer));
  btf.type('array', 3, 0, [int, int, 4]);
  btf.type('variable', 14, int, [0]);
  btf.type('.data', 15, 8, [1, 0, 8], 1);
  btf.type('decl', 17, int, [0]);
  btf.type('forward', 7, 0);
  btf.func('alpha', [
    ['a', int],
    ['b', uint],
    ['c', u64],
    ['d', pointer],
    ['e', mode],
    ['f', pid],
  ]);
  btf.func('beta', [
    ['s', pair],
    ['n', int],
    ['u', small],
    ['w', wide],
  ]);
  btf.func('gamma', []);
  btf.func('delta', [
    ['flag', bool],
    ['x', short],
    ['y', odd],
    ['z', real],
    ['', restricted],
    ['more', 0],
  ]);
  btf.func('epsilon', [
    ['n', int],
    ['s', pair],
  ]);
  return btf.take();
}

const NAMES = ['alpha', 'beta', 'gamma', 'delta', 'alpha.part.0', 'zeta', 'zeta.cold', 'epsilon', 'end'];
const BASE = 0xffffffff81000000n;
const FUNCTION = formatText(
  'function',
  1,
  [
    'unsigned long ip;\toffset:8;\tsize:8;\tsigned:0;',
    'unsigned long parent_ip;\toffset:16;\tsize:8;\tsigned:0;',
    'unsigned long args[];\toffset:24;\tsize:0;\tsigned:0;',
  ],
  '"%lx", REC->ip',
);
const random = new Random(1);
const calls: Scenario = {
  formats: [{ system: 'ftrace', text: FUNCTION }],
  kallsyms: NAMES.map((name, i) => `${(BASE + BigInt(i) * 0x100n).toString(16)} T ${name}\n`).join(''),
  records: Array.from({ length: 80 }, (_, i) => {
    const words = new ByteBuilder(true);
    for (let word = 0; word < 3 + (i % 5); word++) words.u64(random.number(8));
    const values = { ip: BASE + BigInt(i % 8) * 0x100n, parent_ip: 0 };
    return { cpu: 0, data: buildRecord(FUNCTION, random, values, { extra: words.take() }) };
  }),
  btf: kernel(),
};

comparesToStock(stored, 'arguments by the names and types of their parameters', calls);

describe('damaged BTF', () => {
  const whole = kernel();
  const read = (bytes: Uint8Array) => new Btf(bytes, true, 'the BTF of a test');

  test('of any shorter length is refused or read', () => {
    for (let length = 0; length < whole.length; length++) {
      expect(() => read(whole.subarray(0, length))).toThrow(TandemError);
    }
  });

  test('with any byte changed is refused or read, and its functions asked for', () => {
    for (let at = 0; at < whole.length; at++) {
      for (const value of [0, 1, 0x7f, 0xff]) {
        const bytes = whole.slice();
        bytes[at] = value;
        try {
          const btf = read(bytes);
          for (const name of NAMES) for (const { type } of btf.parametersOf(name) ?? []) btf.type(type);
        } catch (error) {
          expect(error).toBeInstanceOf(TandemError);
        }
      }
    }
  });
});
