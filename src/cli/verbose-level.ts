import { TandemError } from '../base/errors.ts';

/** Of --verbose without a level. */
export const USUAL_LEVEL = 'info';

const LEVELS = ['none', 'critical', 'error', 'warning', 'info', 'debug', 'all'];
const SHORT_NAMES: Readonly<Record<string, string>> = { crit: 'critical', err: 'error', warn: 'warning' };

/** The level that `--verbose` names, by name or number: above 6 is "all", as for trace-cmd. Undefined for what is none. */
export function verboseLevel(text: string): string | undefined {
  if (/^\d+$/.test(text)) return LEVELS[Math.min(Number(text), LEVELS.length - 1)];
  const name = SHORT_NAMES[text] ?? text;
  return LEVELS.includes(name) ? name : undefined;
}

/** The same; throws for what is none. */
export function levelOf(text: string): string {
  const level = verboseLevel(text);
  if (level === undefined) throw new TandemError('USAGE', `--verbose=${text}`, 'is not a level', 'write 0 to 6');
  return level;
}

/** Whether a level that there is shows what another one shows. */
export const reachesLevel = (level: string, other: string): boolean => LEVELS.indexOf(level) >= LEVELS.indexOf(other);
