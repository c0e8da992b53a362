import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from './machine/agent.ts';
import type { Lab } from './machine/lab.ts';
import type { Shape } from './machine/state.ts';

/** Who records, and who serves in the guests. */
export interface Pair {
  readonly recorder: Program;
  readonly agent: Program;
}

export const STOCK: Pair = { recorder: 'trace-cmd', agent: 'trace-cmd' };
export const TANDEM: Pair = { recorder: 'tandem', agent: 'tandem' };
/** Every pair with Tandem at one end at least. */
export const WITH_TANDEM: readonly Pair[] = [
  TANDEM,
  { recorder: 'tandem', agent: 'trace-cmd' },
  { recorder: 'trace-cmd', agent: 'tandem' },
];
export const pairName = ({ recorder, agent }: Pair): string => `${recorder}+${agent}`;

/** Something that must hold in the lab, recorded and checked. */
export interface Scenario {
  readonly name: string;
  /** One line: what it shows. */
  readonly about: string;
  readonly shape: Shape;
  /** Those that it is run with, in the same machines one after the other. */
  readonly pairs: readonly Pair[];
  /** Of each pair. */
  readonly seconds: number;
  run(context: Context): Promise<void>;
}

/** What a scenario works with. Everything in `folder` is kept. */
export class Context {
  readonly lab: Lab;
  readonly pair: Pair;
  readonly folder: string;
  readonly figures: Record<string, unknown> = {};
  readonly failures: string[] = [];

  constructor(lab: Lab, pair: Pair, folder: string) {
    this.lab = lab;
    this.pair = pair;
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** For a part of the scenario that another pair does, in a folder of its own. */
  of(pair: Pair): Context {
    const part = new Context(this.lab, pair, join(this.folder, pairName(pair)));
    return Object.assign(part, { figures: this.figures, failures: this.failures });
  }

  /** Keeps a figure, and shows it. */
  figure(name: string, value: unknown): void {
    this.figures[name] = value;
    console.log(`  ${name}: ${shown(value)}`);
  }

  /** Goes on after a failure: later checks may explain it. */
  check(holds: boolean, claim: string): void {
    if (holds) return;
    this.failures.push(claim);
    console.log(`  FAILED: ${claim}`);
  }

  keep(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }
}

export const asText = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : typeof value === 'number' ? Number(value.toPrecision(6)) : value;

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value, asText));
