/** Names of why a guest was left, by number: VMX exit reasons (Intel SDM, appendix C) as the kernel's asm/vmx.h names them. */
const VMX: Readonly<Record<number, string>> = {
  0: 'EXCEPTION_NMI',
  1: 'EXTERNAL_INTERRUPT',
  2: 'TRIPLE_FAULT',
  7: 'PENDING_INTERRUPT',
  8: 'NMI_WINDOW',
  9: 'TASK_SWITCH',
  10: 'CPUID',
  12: 'HLT',
  13: 'INVD',
  14: 'INVLPG',
  15: 'RDPMC',
  16: 'RDTSC',
  18: 'VMCALL',
  19: 'VMCLEAR',
  20: 'VMLAUNCH',
  21: 'VMPTRLD',
  22: 'VMPTRST',
  23: 'VMREAD',
  24: 'VMRESUME',
  25: 'VMWRITE',
  26: 'VMOFF',
  27: 'VMON',
  28: 'CR_ACCESS',
  29: 'DR_ACCESS',
  30: 'IO_INSTRUCTION',
  31: 'MSR_READ',
  32: 'MSR_WRITE',
  36: 'MWAIT_INSTRUCTION',
  39: 'MONITOR_INSTRUCTION',
  40: 'PAUSE_INSTRUCTION',
  41: 'MCE_DURING_VMENTRY',
  43: 'TPR_BELOW_THRESHOLD',
  44: 'APIC_ACCESS',
  45: 'EOI_INDUCED',
  48: 'EPT_VIOLATION',
  49: 'EPT_MISCONFIG',
  50: 'INVEPT',
  52: 'PREEMPTION_TIMER',
  54: 'WBINVD',
  55: 'XSETBV',
  56: 'APIC_WRITE',
  58: 'INVPCID',
  62: 'PML_FULL',
  63: 'XSAVES',
  64: 'XRSTORS',
};

/** Runs of SVM exit codes: a first code, then the names of it and of those after it; a dot is a code without name. */
const SVM_RUNS: readonly (readonly [first: number, names: string])[] = [
  [0x000, 'READ_CR0 . . READ_CR3 READ_CR4 . . . READ_CR8'],
  [0x010, 'WRITE_CR0 . . WRITE_CR3 WRITE_CR4 . . . WRITE_CR8'],
  [0x020, 'READ_DR0 READ_DR1 READ_DR2 READ_DR3 READ_DR4 READ_DR5 READ_DR6 READ_DR7'],
  [0x030, 'WRITE_DR0 WRITE_DR1 WRITE_DR2 WRITE_DR3 WRITE_DR4 WRITE_DR5 WRITE_DR6 WRITE_DR7'],
  [
    0x040,
    'EXCP_DE EXCP_DB . EXCP_BP EXCP_OF EXCP_BR EXCP_UD EXCP_NM EXCP_DF . EXCP_TS EXCP_NP EXCP_SS EXCP_GP EXCP_PF',
  ],
  [0x050, 'EXCP_MF EXCP_AC EXCP_MC EXCP_XF'],
  [0x060, 'INTR NMI SMI INIT VINTR CR0_SEL_WRITE IDTR_READ GDTR_READ LDTR_READ TR_READ'],
  [0x06a, 'IDTR_WRITE GDTR_WRITE LDTR_WRITE TR_WRITE RDTSC RDPMC PUSHF POPF CPUID RSM IRET SWINT INVD PAUSE HLT'],
  [0x079, 'INVLPG INVLPGA IOIO MSR TASK_SWITCH FERR_FREEZE SHUTDOWN VMRUN VMMCALL VMLOAD VMSAVE STGI CLGI SKINIT'],
  [0x087, 'RDTSCP ICEBP WBINVD MONITOR MWAIT MWAIT_COND XSETBV'],
  [0x400, 'NPF AVIC_INCOMPLETE_IPI AVIC_UNACCELERATED_ACCESS'],
  [-1, 'ERR'],
];

function expand(runs: typeof SVM_RUNS): Readonly<Record<number, string>> {
  const names: Record<number, string> = {};
  for (const [first, run] of runs) {
    for (const [i, name] of run.split(' ').entries()) if (name !== '.') names[first + i] = `EXIT_${name}`;
  }
  return names;
}

/** By the event's `isa`, then by the reason as a signed 32-bit number. */
export const EXIT_REASONS: Readonly<Record<number, Readonly<Record<number, string>>>> = { 1: VMX, 2: expand(SVM_RUNS) };

/** By kvm_exit's `isa`, as above: the reason that a guest's CPU halted (HLT). */
export const HALT_REASONS: Readonly<Record<number, number>> = { 1: 12, 2: 0x78 };
