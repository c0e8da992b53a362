import type { GuestProof, RuleResult, Unit, Verdict } from './types.ts';

type Facts = Omit<GuestProof, 'verdict' | 'words'>;

/** What all of it means, in words. `hasThreads`: the host's vCPU threads are known. */
export function verdictOf(facts: Facts, hasThreads: boolean): { readonly verdict: Verdict; readonly words: string } {
  const rules = facts.causality?.rules ?? [];
  const judged = rules.reduce((sum, { kept, violated }) => sum + kept + violated, 0);
  const violated = rules.reduce((sum, rule) => sum + rule.violated, 0);
  const worst = Math.max(0, ...facts.cpus.map(({ bound }) => bound?.worst ?? Number.NaN));
  const hasBounds = facts.cpus.length > 0 && !Number.isNaN(worst);
  const within = `every event's time is within ${duration(worst, facts.unit)}`;
  if (violated > 0)
    return { verdict: 'violated', words: `${violationWords(rules, facts.unit)}; \`--refine\` mends it` };
  if (facts.cpus.length === 0) {
    const words = "not synchronised: the file holds no samples, and its times are the guest's own";
    return { verdict: 'unsynchronised', words };
  }
  const outside = outsideWords(facts, hasThreads);
  if (outside !== undefined) return { verdict: 'unchecked', words: outside };
  if (judged > 0 && hasBounds) {
    return { verdict: 'proved', words: `${within}, and none of ${judged} checked events contradicts that` };
  }
  if (judged > 0) {
    const words = `none of ${judged} checked events is in an impossible place; the samples carry no bounds, \`--refine\` finds some`;
    return { verdict: 'consistent', words };
  }
  const why = uncheckedWords(facts, hasThreads);
  if (hasBounds)
    return { verdict: 'bounded', words: `${within} by the samples' bounds; not checked against events: ${why}` };
  return { verdict: 'unchecked', words: `nothing tells how good the samples are: ${why}` };
}

/**
 * Of a guest whose host shows when its vCPUs ran, and none of whose events lies there: most likely a clock that is far
 * off. Undefined for others.
 */
function outsideWords({ causality, events }: Facts, hasThreads: boolean): string | undefined {
  const run = causality?.rules.find(({ rule }) => rule === 'run');
  if (!run || !hasThreads || events === 0 || run.missing.host.length > 0 || run.kept + run.violated > 0)
    return undefined;
  return `none of the guest's ${events} events lies in the time of which the host's file tells: the samples are far off, or the two were not recorded together; \`--refine\` looks for where they belong`;
}

const IMPOSSIBLE: Readonly<Record<RuleResult['rule'], string>> = {
  run: 'guest events lie where their vCPU did not run',
  halt: 'halts came before the guest was idle',
  interrupt: 'interrupts were handled before they were injected',
  packet: 'packets were received before they were sent',
};

function violationWords(rules: readonly RuleResult[], unit: Unit): string {
  return rules
    .filter(({ violated }) => violated > 0)
    .map(({ rule, kept, violated, worst }) => {
      const share = ((100 * violated) / (kept + violated)).toFixed(1);
      return `${violated} of ${kept + violated} ${IMPOSSIBLE[rule]} (${share} %), by ${duration(worst, unit)} at worst`;
    })
    .join('; ');
}

function uncheckedWords({ causality, hostName, events }: Facts, hasThreads: boolean): string {
  if (hostName === undefined) return "the host's file is not here";
  const run = causality?.rules.find(({ rule }) => rule === 'run');
  const missing = run?.missing.host ?? [];
  if (missing.length > 0)
    return `the host recorded no ${missing.join(' and ')}; add ${missing.map((e) => `-e ${e}`).join(' ')}`;
  if (!hasThreads) return "the host's file does not tell the threads of this guest's vCPUs";
  if (events === 0) return 'the guest recorded no events';
  return 'no event of the guest lies where the host shows what its vCPU did';
}

/** A distance for people, three digits: `1.23 us`, `456 ticks`. */
export function duration(value: number, unit: Unit): string {
  if (unit === 'ticks') return `${Math.round(value)} ticks`;
  const scale = [
    [1e9, 's'],
    [1e6, 'ms'],
    [1e3, 'us'],
  ].find(([size]) => Math.abs(value) >= (size as number)) as [number, string] | undefined;
  if (scale === undefined) return `${Math.round(value)} ns`;
  return `${(value / scale[0]).toPrecision(3)} ${scale[1]}`;
}
