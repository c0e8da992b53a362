import type { CpuFacts, GuestProof, Rule, RuleResult, Unit } from './types.ts';
import { LIMITS } from './types.ts';
import { duration } from './verdict.ts';

/** Cells of a table; the first row is its head. The first column is aligned left, the others right. */
type Table = readonly (readonly string[])[];

function aligned(rows: Table): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] as number) : cell.padStart(widths[column] as number),
      )
      .join('  ')
      .trimEnd(),
  );
}

/** What `tandem clock` prints of one guest: lines without their ends. `label`: how the file is called. */
export function proofLines(proof: GuestProof, label: (name: string) => string): string[] {
  const { name, hostName, clock, protocol, events, length, unit } = proof;
  const host = hostName === undefined ? 'host unknown' : `host ${label(hostName)}`;
  const sync = protocol === undefined ? 'no sync' : `sync ${protocol}, flags ${proof.flags}`;
  return [
    `${label(name)}: ${host}, clock ${clock ?? 'unknown'}, ${sync}, ${events} events in ${duration(length, unit)}`,
    `  ${proof.verdict.toUpperCase()}: ${proof.words}`,
    ...proof.damage.map((line) => `  not all could be read: ${line}`),
    ...section(cpuTable(proof.cpus, unit)),
    ...section(certaintyTable(proof)),
    ...section(ruleTable(proof)),
    ...hints(proof),
  ];
}

function section(rows: Table): string[] {
  return rows.length > 1 ? ['', ...aligned(rows).map((line) => `  ${line}`)] : [];
}

function cpuTable(cpus: readonly CpuFacts[], unit: Unit): Table {
  const hasRounds = cpus.some(({ rounds }) => rounds !== undefined);
  const head = [
    'CPU',
    'samples',
    ...(hasRounds ? ['rounds'] : []),
    'offset at start',
    'at end',
    'drift',
    'residual',
    'worst',
  ];
  return [
    [...head, 'steps', 'bound', 'worst'],
    ...cpus.map((cpu) => [
      `${cpu.cpu}`,
      `${cpu.samples}`,
      ...(hasRounds ? [`${cpu.rounds ?? '-'}`] : []),
      `${cpu.firstOffset}`,
      `${cpu.lastOffset}`,
      `${cpu.drift.toFixed(3)} ppm`,
      duration(cpu.residual.rms, unit),
      duration(cpu.residual.worst, unit),
      `${cpu.steps.length}`,
      cpu.bound ? duration(cpu.bound.median, unit) : 'unknown',
      cpu.bound ? duration(cpu.bound.worst, unit) : 'unknown',
    ]),
  ];
}

function certaintyTable({ certainty, events, unit, cpus }: GuestProof): Table {
  if (events === 0 || cpus.length === 0) return [];
  const name = (within: number): string =>
    Number.isNaN(within)
      ? 'bound unknown'
      : within === Number.POSITIVE_INFINITY
        ? 'worse'
        : `+/- ${duration(within, unit)}`;
  const rows = certainty.filter((one) => one.events > 0);
  return [
    ['certainty', 'events', 'share'],
    ...rows.map((one) => [name(one.within), `${one.events}`, percent(one.events, events)]),
  ];
}

const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)} %`;

const RULES: Readonly<Record<Rule, string>> = {
  run: 'guest events while their vCPU runs',
  halt: 'halts after the guest went idle',
  interrupt: 'interrupts after their injection',
  packet: 'packets received after they were sent',
};

function ruleTable({ causality, unit }: GuestProof): Table {
  const rules = (causality?.rules ?? []).filter(isJudged);
  return [
    ['causality', 'kept', 'violated', 'not judged', 'worst'],
    ...rules.map(({ rule, kept, violated, unjudged, worst }) => {
      return [RULES[rule], `${kept}`, `${violated}`, `${unjudged}`, violated > 0 ? duration(worst, unit) : '-'];
    }),
  ];
}

const isJudged = ({ kept, violated }: RuleResult): boolean => kept + violated > 0;

function hints({ causality, unit }: GuestProof): string[] {
  const rules = causality?.rules ?? [];
  const sizes = rules
    .filter(({ violated }) => violated > 0)
    .map((result) => `  violations, ${RULES[result.rule]}: ${sizesText(result, unit)}`);
  const more = rules
    .filter((result) => !isJudged(result))
    .flatMap(({ rule, missing }) => {
      const [host, guest] = [missing.host, missing.guest].map((list) => list.map((one) => `-e ${one}`).join(' '));
      const parts = [...(host ? [`host: ${host}`] : []), ...(guest ? [`guest: ${guest}`] : [])];
      return parts.length > 0 ? [`  to check ${RULES[rule]}, record ${parts.join(', ')}`] : [];
    });
  return [...(sizes.length > 0 ? ['', ...sizes] : []), ...(more.length > 0 ? ['', ...more] : [])];
}

function sizesText({ distribution }: RuleResult, unit: Unit): string {
  const ends = [
    ...LIMITS.map((limit) => `< ${duration(limit, unit)}`),
    `>= ${duration(LIMITS.at(-1) as number, unit)}`,
  ];
  return distribution.flatMap((count, i) => (count > 0 ? [`${count} ${ends[i]}`] : [])).join(', ');
}
