import type { EventFormat } from '../../format/event-format.ts';
import type { FamilyFactory, InfoWriter, TextContext } from './context.ts';
import { functionCall, functionRepeats } from './families/function.ts';
import { functionGraphEntry, functionGraphExit } from './families/function-graph.ts';
import { sysEnterFutex } from './families/futex.ts';
import { hrtimerExpireEntry, hrtimerStart } from './families/hrtimer.ts';
import { allocation } from './families/kmem.ts';
import { kvmEmulateInsn, kvmEntry, kvmExit, kvmNestedVmexit, kvmNestedVmexitInject } from './families/kvm.ts';
import { shadowPage, shadowPageGet } from './families/kvmmmu.ts';
import { bssInfoChanged } from './families/mac80211.ts';
import { rawData } from './families/raw-data.ts';
import { schedSwitch, schedWakeup } from './families/sched.ts';
import { kernelStack } from './families/stacks.ts';
import { tlbFlush } from './families/tlb.ts';

/** Events whose text is not their print format, by `system:event`. */
export const FAMILIES: ReadonlyMap<string, FamilyFactory> = new Map<string, FamilyFactory>([
  ['ftrace:function', functionCall],
  ['ftrace:func_repeats', functionRepeats],
  ['ftrace:funcgraph_entry', functionGraphEntry],
  ['ftrace:fgraph_retaddr_entry', functionGraphEntry],
  ['ftrace:funcgraph_exit', functionGraphExit],
  ['ftrace:kernel_stack', kernelStack],
  ['ftrace:raw_data', rawData],
  ['kmem:kfree', allocation],
  ['kmem:kmalloc', allocation],
  ['kmem:kmalloc_node', allocation],
  ['kmem:kmem_cache_alloc', allocation],
  ['kmem:kmem_cache_alloc_node', allocation],
  ['kmem:kmem_cache_free', allocation],
  ['kvm:kvm_emulate_insn', kvmEmulateInsn],
  ['kvm:kvm_entry', kvmEntry],
  ['kvm:kvm_exit', kvmExit],
  ['kvm:kvm_nested_vmexit', kvmNestedVmexit],
  ['kvm:kvm_nested_vmexit_inject', kvmNestedVmexitInject],
  ['kvmmmu:kvm_mmu_get_page', shadowPageGet],
  ['kvmmmu:kvm_mmu_prepare_zap_page', shadowPage],
  ['kvmmmu:kvm_mmu_sync_page', shadowPage],
  ['kvmmmu:kvm_mmu_unsync_page', shadowPage],
  ['kvmmmu:kvm_mmu_zap_page', shadowPage],
  ['mac80211:drv_bss_info_changed', bssInfoChanged],
  ['sched:sched_switch', schedSwitch],
  ['sched:sched_wakeup', schedWakeup],
  ['sched:sched_wakeup_new', schedWakeup],
  ['syscalls:sys_enter_futex', sysEnterFutex],
  ['timer:hrtimer_expire_entry', hrtimerExpireEntry],
  ['timer:hrtimer_start', hrtimerStart],
  ['tlb:tlb_flush', tlbFlush],
]);

/** The writer of an event's text: its family's, else its print format. */
export function infoWriter(event: EventFormat, context: TextContext): InfoWriter {
  return FAMILIES.get(`${event.system}:${event.name}`)?.(event, context) ?? context.printFormat(event);
}
