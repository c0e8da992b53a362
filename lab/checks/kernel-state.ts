import { type Machine, mustExec } from '../machine/machine.ts';
import type { Context } from '../scenario.ts';
import { waitFor } from '../waiting.ts';

/**
 * Settings of tracing that a recording changes, a line each. Buffers that were never used are small, and nothing leads
 * back to that: here they get their size.
 */
const SCRIPT = `cd /sys/kernel/tracing || exit
size=$(sed -n 's/.*expanded: \\(.*\\))/\\1/p' buffer_size_kb)
[ -z "$size" ] || echo "$size" >buffer_size_kb
for name in tracing_on trace_clock current_tracer buffer_size_kb set_event set_event_pid tracing_cpumask; do
  echo "$name:" $(cat $name)
done
echo instances: $(ls instances)`;
const MOST_SECONDS = 60;

export const tracingState = (machine: Machine): Promise<string> => mustExec(machine, SCRIPT);

/** Waits for a machine's tracing to be as it was. */
export async function checkPutBack(context: Context, name: string, machine: Machine, before: string): Promise<void> {
  let now = '';
  const isSo = async (): Promise<true | undefined> => {
    now = await tracingState(machine);
    return now === before || undefined;
  };
  const held = await waitFor('what was before', MOST_SECONDS, isSo).catch(() => undefined);
  const changed = now.split('\n').filter((line) => !before.split('\n').includes(line));
  context.check(held === true, `${name}: the kernel of ${machine.name} is as before; now ${changed.join(', ')}`);
}
