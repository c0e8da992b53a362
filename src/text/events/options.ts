import type { TextVersion } from '../../format/environment.ts';

/** An option that changes event texts, as `report -O` names it. All are switches. */
export interface PluginOption {
  readonly plugin: 'ftrace' | 'fgraph';
  readonly name: string;
  readonly description: string;
  readonly byDefault: boolean;
  /** The text versions that know it; all where absent. */
  readonly since?: TextVersion;
}

const OPTIONS = [
  { plugin: 'ftrace', name: 'parent', description: 'Print parent of functions for function events', byDefault: false },
  {
    plugin: 'ftrace',
    name: 'indent',
    description: 'Try to show function call indents, based on parents',
    byDefault: true,
  },
  { plugin: 'ftrace', name: 'offset', description: 'Show function names as well as their offsets', byDefault: false },
  {
    plugin: 'fgraph',
    name: 'tailprint',
    description: 'Print function name at function exit in function graph',
    byDefault: false,
  },
  { plugin: 'fgraph', name: 'depth', description: 'Show the depth of each entry', byDefault: false },
  {
    plugin: 'fgraph',
    name: 'retval-skip',
    description: 'Skip printing function retval in function graph',
    byDefault: false,
    since: '3.4',
  },
  {
    plugin: 'fgraph',
    name: 'retval-dec',
    description: 'Print function retval in decimal at function exit in function graph',
    byDefault: false,
    since: '3.4',
  },
  {
    plugin: 'fgraph',
    name: 'retval-hex',
    description: 'Print function retval in hex at function exit in function graph',
    byDefault: false,
    since: '3.4',
  },
] as const satisfies readonly PluginOption[];

type OptionName = (typeof OPTIONS)[number]['name'];

/** The options that a version of the text knows, in the order of its listing. */
export const pluginOptions = (version: TextVersion): readonly PluginOption[] =>
  OPTIONS.filter((option) => !('since' in option) || option.since === version);

/** The listing of `trace-cmd list -O`. */
export function listPluginOptions(version: TextVersion): string {
  let plugin: string | undefined;
  let listing = '';
  for (const option of pluginOptions(version)) {
    if (plugin !== undefined) listing += option.plugin === plugin ? '------------\n' : '============\n';
    plugin = option.plugin;
    listing += `  plugin:\t${option.plugin}\n  option:\t${option.name}\n`;
    listing += `    desc:\t${option.description}\n     set:\t${option.byDefault ? 1 : 0}\n`;
  }
  return listing;
}

interface Request {
  readonly plugin: string | undefined;
  readonly name: string;
  readonly value: string | undefined;
}

function parseRequest(text: string): Request {
  const equals = text.indexOf('=');
  const key = equals < 0 ? text : text.slice(0, equals);
  const colon = key.indexOf(':');
  return {
    plugin: colon < 0 ? undefined : key.slice(0, colon),
    name: key.slice(colon + 1),
    value: equals < 0 ? undefined : text.slice(equals + 1),
  };
}

/** The switch after one request: no value flips it, a value that is no truth value leaves it. */
function applied(set: boolean, request: Request | undefined): boolean {
  if (request === undefined) return set;
  if (request.value === undefined) return !set;
  if (request.value === '1' || request.value === 'true') return true;
  if (request.value === '0' || request.value === 'false') return false;
  return set;
}

/** The options in force. Unknown ones are accepted and change nothing, as in trace-cmd. */
export class PluginOptions {
  readonly #set = new Map<OptionName, boolean>();

  /**
   * `requests` are the arguments of `-O`: `[PLUGIN:]NAME[=VALUE]`; of several for the same thing the last one
   * counts. trace-cmd applies them anew for every file that it opens, so that a switch without value is off again
   * after the second: `files` is how often.
   */
  constructor(requests: readonly string[] = [], files = 1) {
    const parsed = requests.map(parseRequest);
    for (const option of OPTIONS) {
      const named = parsed.findLast(({ plugin, name }) => plugin === option.plugin && name === option.name);
      const unnamed = parsed.findLast(({ plugin, name }) => plugin === undefined && name === option.name);
      let set: boolean = option.byDefault;
      for (let file = 0; file < files; file++) set = applied(applied(set, named), unnamed);
      this.#set.set(option.name, set);
    }
  }

  isSet(name: OptionName): boolean {
    return this.#set.get(name) === true;
  }
}
