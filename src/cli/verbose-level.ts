import { TandemError } from '../base/errors.ts';

/** Of --verbose without a level. */
export const USUAL_LEVEL = 'info';

const LEVELS = ['none', 'critical', 'error', 'warning', 'info', 'debug', 'all'];
const SHORT_NAMES: Readonly<Record<string, string>> = { crit: 'critical', err: 'error', warn: 'warning' };

/** The level that `--verbose` names, by name or number: above 6 is "all", as for trace-cmd. Throws for what is none. */
export function levelOf(text: string): string {
  const named = SHORT_NAMES[text] ?? text;
  const level = /^\d+$/.test(text) ? LEVELS[Math.min(Number(text), LEVELS.length - 1)] : named;
  if (level === undefined || !LEVELS.includes(level))
    throw new TandemError('USAGE', `--verbose=${text}`, 'is not a level', 'write 0 to 6');
  return level;
}

/** Whether a level that there is shows what another one shows. */
export const reachesLevel = (level: string, other: string): boolean => LEVELS.indexOf(level) >= LEVELS.indexOf(other);
