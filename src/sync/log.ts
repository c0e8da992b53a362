import { TandemError } from '../base/errors.ts';
import type { Measurement, Probes } from './types.ts';

/*
 * The log of a session's raw probes (`--tsync-log`): lines of TAB separated fields, numbers in decimal.
 * docs/time-sync-protocols.md describes them.
 */

const FIRST_LINE = 'tandem-tsync-log\t1';

/** What a log says of its session. Texts without TAB and line end. */
export interface LogHeader {
  readonly guest: string;
  readonly protocol: string;
  readonly guestClock: string;
  readonly hostClock: string;
  readonly cpuCount: number;
}

/** The beginning of a log, with its line ends. */
export function encodeLogHeader(header: LogHeader): string {
  const names = ['guest', 'protocol', 'guestClock', 'hostClock', 'cpuCount'] as const;
  return [FIRST_LINE, ...names.map((name) => `${name}\t${header[name]}`), ''].join('\n');
}

/** What a log has of a measurement: what its probes say of the offset can be worked out again. */
export type LoggedMeasurement = Omit<Measurement, 'limits'>;

/** The lines of one measurement: the sample, then its probes, then the runs of the guest's vCPU. */
export function encodeMeasurement({ cpu, sample, probes }: LoggedMeasurement): string {
  const { time, offset, scaling, fraction, bound } = sample;
  const lines = [['sample', cpu, time, offset, scaling, fraction, bound ?? '-'].join('\t')];
  for (let k = 0; k < (probes?.count ?? 0); k++) {
    const { guestSend, hostReceive, hostSend, guestReceive } = probes as Probes;
    lines.push(['probe', guestSend[k], hostReceive[k], hostSend[k], guestReceive[k]].join('\t'));
  }
  probes?.runs?.entries.forEach((entry, k) => {
    lines.push(['run', entry, probes.runs?.exits[k]].join('\t'));
  });
  return `${lines.join('\n')}\n`;
}

export interface DecodedLog {
  readonly header: LogHeader;
  readonly measurements: readonly LoggedMeasurement[];
}

/**
 * Reads a log back, what was cut off at its end left out.
 * @throws TandemError where it is no log, or a line makes no sense; `subject` names the file
 */
export function decodeLog(text: string, subject: string): DecodedLog {
  const lines = text.split('\n');
  // What follows the last line end is nothing, or a line that was cut.
  lines.pop();
  if (lines[0] !== FIRST_LINE) throw new TandemError('CORRUPT', subject, 'is not a log of time sync probes');
  const facts = new Map<string, string>();
  const measurements: LoggedMeasurement[] = [];
  let rows: (readonly bigint[])[] = [];
  let runs: (readonly bigint[])[] = [];
  const finish = (): void => {
    const last = measurements.pop();
    if (last) measurements.push(rows.length > 0 ? { ...last, probes: probesOf(rows, runs) } : last);
    rows = [];
    runs = [];
  };
  for (const [i, line] of lines.entries()) {
    const [kind, ...fields] = line.split('\t');
    if (kind === 'sample' && fields.length === 6) {
      finish();
      measurements.push(sampleOf(fields, subject, i));
    } else if (kind === 'probe' && fields.length === 4 && measurements.length > 0) {
      rows.push(fields.map((field) => numberOf(field, subject, i)));
    } else if (kind === 'run' && fields.length === 2 && rows.length > 0) {
      runs.push(fields.map((field) => numberOf(field, subject, i)));
    } else if (measurements.length === 0 && fields.length === 1) facts.set(kind as string, fields[0] as string);
    else throw badLine(subject, i);
  }
  finish();
  const fact = (name: string): string => facts.get(name) ?? '';
  return {
    header: {
      guest: fact('guest'),
      protocol: fact('protocol'),
      guestClock: fact('guestClock'),
      hostClock: fact('hostClock'),
      cpuCount: Number(fact('cpuCount')),
    },
    measurements,
  };
}

function sampleOf(fields: readonly string[], subject: string, line: number): LoggedMeasurement {
  const [cpu, time, offset, scaling, fraction] = fields.slice(0, 5).map((field) => numberOf(field, subject, line));
  const bound = fields[5] === '-' ? undefined : numberOf(fields[5] as string, subject, line);
  return {
    cpu: Number(cpu),
    sample: { time: time!, offset: offset!, scaling: scaling!, fraction: Number(fraction), bound },
    probes: undefined,
  };
}

type Rows = readonly (readonly bigint[])[];

const column = (rows: Rows, at: number): BigUint64Array => BigUint64Array.from(rows, (row) => row[at] as bigint);

function probesOf(rows: Rows, runs: Rows): Probes {
  return {
    count: rows.length,
    guestSend: column(rows, 0),
    hostReceive: column(rows, 1),
    hostSend: column(rows, 2),
    guestReceive: column(rows, 3),
    ...(runs.length > 0 && { runs: { entries: column(runs, 0), exits: column(runs, 1) } }),
  };
}

function numberOf(field: string, subject: string, line: number): bigint {
  if (/^-?[0-9]{1,20}$/.test(field)) return BigInt(field);
  throw badLine(subject, line);
}

function badLine(subject: string, line: number): TandemError {
  return new TandemError('CORRUPT', `${subject}: line ${line + 1}`, 'is no line of a log of time sync probes');
}
