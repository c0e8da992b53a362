import { type Machine, mustExec } from '../machine/machine.ts';

/** Settings of tracing that a recording changes, as text that two moments can be compared by. */
const SCRIPT = `cd /sys/kernel/tracing || exit
for name in tracing_on trace_clock current_tracer buffer_size_kb set_event set_event_pid tracing_cpumask; do
  echo "$name: $(cat $name)"
done
echo instances: $(ls instances)`;

export const tracingState = (machine: Machine): Promise<string> => mustExec(machine, SCRIPT);
