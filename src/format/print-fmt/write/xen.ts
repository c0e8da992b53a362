/** Xen's hypercalls by number; empty where a number has no name. From Xen's public header xen.h. */
export const XEN_HYPERCALLS: readonly string[] = [
  ...['set_trap_table', 'mmu_update', 'set_gdt', 'stack_switch', 'set_callbacks', 'fpu_taskswitch'],
  ...['sched_op_compat', 'dom0_op', 'set_debugreg', 'get_debugreg', 'update_descriptor', ''],
  ...['memory_op', 'multicall', 'update_va_mapping', 'set_timer_op', 'event_channel_op_compat', 'xen_version'],
  ...['console_io', 'physdev_op_compat', 'grant_table_op', 'vm_assist', 'update_va_mapping_otherdomain', 'iret'],
  ...['vcpu_op', 'set_segment_base', 'mmuext_op', 'acm_op', 'nmi_op', 'sched_op', 'callback_op', 'xenoprof_op'],
  ...['event_channel_op', 'physdev_op', 'hvm_op', ...Array<string>(13).fill('')],
  ...['arch_0', 'arch_1', 'arch_2', 'arch_3', 'arch_4', 'arch_5', 'arch_6', 'arch_7'],
];
