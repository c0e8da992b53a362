import type { AllowedOption } from '../agent/allowed-options.ts';
import type { RecordPlan } from '../record/plan.ts';
import { RecordOptions } from './record-options.ts';
import { applyRecordOption } from './record-rows.ts';
import { packageVersion } from './version.ts';

/** What the options of a recorder's request to an agent mean. Throws a TandemError where they make no sense. */
export function planOf(words: readonly AllowedOption[]): RecordPlan {
  const options = new RecordOptions();
  options.set('compression', 'none'); // stock recorders can finish such a file, whatever they were built with
  for (const { name, value } of words) applyRecordOption(options, name, value ?? '');
  return options.finish([], `tandem ${packageVersion()}`);
}
