import type { Rule, Unit } from '../types.ts';
import type { ClockPicture, CpuPicture, Point, RoundTrips } from './picture.ts';

/** One diagram of a picture. `series`: as ECharts has them, without their axes. */
export interface Panel {
  readonly title: string;
  readonly xName: string;
  readonly yName: string;
  readonly xType: 'value' | 'category';
  readonly categories?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  /** The value axis reaches this far to both sides of 0, where all values are 0. */
  readonly flatRange?: number | undefined;
  readonly legend: readonly string[];
  readonly series: readonly Readonly<Record<string, unknown>>[];
}

/** Told apart by people who see few colours. */
const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#7f7f7f', '#000000'];
/** More CPUs than that in one diagram are a tangle. */
const MOST_CPUS = 8;

const colorOf = (i: number): string => COLORS[i % COLORS.length] as string;
/** None of the CPUs': a rule is no CPU. */
const ruleColorOf = (i: number): string => ['#b2182b', '#762a83', '#1b7837', '#7f7f7f'][i % 4] as string;

/** The diagrams that there is something to draw in. */
export function panelsOf(picture: ClockPicture): Panel[] {
  const cpus = picture.cpus.slice(0, MOST_CPUS);
  const time = timeRange(picture);
  const unit = unitName(picture.unit);
  const hasDrift = cpus.some(({ drift }) => drift.length > 1);
  return [
    ...(cpus.length > 0 ? [offsetPanel(cpus, picture, time)] : []),
    ...(hasDrift
      ? [pointsPanel('Residuals: samples less their best line', unit, cpus, 'residuals', picture, time)]
      : []),
    ...(hasDrift ? [pointsPanel('Drift from sample to sample', 'ppm', cpus, 'drift', picture, time)] : []),
    ...(picture.roundTrips ? [roundTripPanel(picture.roundTrips, picture.unit)] : []),
    ...(picture.violations.length > 0 ? [violationPanel(picture, time)] : []),
  ];
}

interface Range {
  readonly min: number;
  readonly max: number;
}

function timeRange({ cpus, violations }: ClockPicture): Range {
  const xs = [
    ...cpus.flatMap(({ line, samples }) => [...line, ...samples]),
    ...violations.flatMap(({ points }) => points),
  ];
  const all = xs.map(([x]) => x);
  const min = all.reduce((a, b) => Math.min(a, b), 0);
  const max = all.reduce((a, b) => Math.max(a, b), 0.001);
  const margin = (max - min) / 50;
  return { min: min - margin, max: max + margin };
}

/** Diagrams show microseconds; ticks as they are. */
const unitName = (unit: Unit): string => (unit === 'ns' ? 'us' : 'ticks');
const shownIn = (unit: Unit, value: number): number => (unit === 'ns' ? value / 1000 : value);
const shownPoints = (unit: Unit, points: readonly Point[]): Point[] => points.map(([x, y]) => [x, shownIn(unit, y)]);
const timeName = (unit: Unit): string => `guest time since the first event (${unit === 'ns' ? 's' : '1e9 ticks'})`;

function offsetPanel(cpus: readonly CpuPicture[], { unit, rawUnit, firstOffset }: ClockPicture, time: Range): Panel {
  const series = cpus.flatMap(({ name, samples, line, low, high }, i) => [
    ...bandSeries(shownPoints(unit, low), shownPoints(unit, high), colorOf(i), name),
    {
      ...{ type: 'line', name, data: shownPoints(unit, line), showSymbol: false, color: colorOf(i) },
      lineStyle: { width: 1.5 },
    },
    { type: 'scatter', data: shownPoints(unit, samples), symbolSize: 6, color: colorOf(i), silent: true },
  ]);
  const hasBand = cpus.some(({ low }) => low.length > 0);
  return {
    ...{
      title: `Offset of the host's clock, less ${firstOffset} ${rawUnit}${hasBand ? ', with its error bound' : ''}`,
      series,
    },
    ...{ ...time, flatRange: flatRange(cpus.flatMap(({ line, high }) => [...line, ...high])) },
    ...{ xName: timeName(unit), yName: unitName(unit), xType: 'value', legend: cpus.map(({ name }) => name) },
  };
}

const flatRange = (points: readonly Point[]): number | undefined => (points.every(([, y]) => y === 0) ? 1 : undefined);

/** An area between two lines: the lower one unseen, and what is added to it filled. */
function bandSeries(low: readonly Point[], high: readonly Point[], color: string, name: string): Panel['series'] {
  if (low.length === 0) return [];
  const common = {
    type: 'line',
    showSymbol: false,
    stack: `band of ${name}`,
    stackStrategy: 'all',
    lineStyle: { opacity: 0 },
  };
  const heights = high.map(([x, y], i): Point => [x, y - (low[i] as Point)[1]]);
  return [
    { ...common, data: low },
    { ...common, data: heights, areaStyle: { color, opacity: 0.18 } },
  ];
}

function pointsPanel(
  title: string,
  yName: string,
  cpus: readonly CpuPicture[],
  of: 'residuals' | 'drift',
  { unit }: ClockPicture,
  time: Range,
): Panel {
  const series = cpus.map((one, i) => ({
    ...{ type: 'line', name: one.name, symbolSize: 5, color: colorOf(i) },
    data: of === 'drift' ? one.drift : shownPoints(unit, one.residuals),
    ...{ symbol: 'circle', lineStyle: { width: 1, opacity: 0.5 } },
    markLine: {
      silent: true,
      symbol: 'none',
      data: [{ yAxis: 0 }],
      label: { show: false },
      lineStyle: { color: '#888' },
    },
  }));
  return {
    ...{ title, series, ...time, xName: timeName(unit), yName, xType: 'value' },
    flatRange: flatRange(cpus.flatMap((one) => one[of])),
    legend: cpus.map(({ name }) => name),
  };
}

function roundTripPanel({ from, width, counts, fastest }: RoundTrips, unit: Unit): Panel {
  const digits = width < 1000 ? 1 : 0;
  const categories = counts.map((_, i) => {
    const text = shownIn(unit, from + i * width).toFixed(unit === 'ns' ? digits : 0);
    return i === counts.length - 1 ? `> ${text}` : text;
  });
  const chosen = counts.map((_, i) => {
    return fastest.filter((trip) => Math.min(counts.length - 1, Math.floor((trip - from) / width)) === i).length;
  });
  return {
    ...{ title: 'Round trips of the probes, and those that the offsets are taken from', categories, xType: 'category' },
    ...{ xName: `round trip (${unitName(unit)})`, yName: 'probes', legend: ['all probes', 'fastest of a measurement'] },
    series: [
      { type: 'bar', name: 'all probes', data: counts, barGap: '-100%', barWidth: '96%', color: '#b0c4d8' },
      { type: 'bar', name: 'fastest of a measurement', data: chosen, barWidth: '96%', color: '#d55e00', z: 3 },
    ],
  };
}

const RULES: Readonly<Record<Rule, string>> = {
  run: 'vCPU did not run',
  halt: 'halt before idle',
  interrupt: 'interrupt before its injection',
  packet: 'packet before it was sent',
};

function violationPanel({ violations, unit }: ClockPicture, time: Range): Panel {
  const series = violations.map(({ rule, points }, i) => ({
    ...{ type: 'scatter', name: RULES[rule], data: shownPoints(unit, points), symbolSize: 4 },
    ...{ color: ruleColorOf(i), itemStyle: { opacity: 0.6 } },
  }));
  return {
    ...{ title: 'Events in impossible places: how far from where they can be', series, ...time, xType: 'value' },
    ...{ xName: timeName(unit), yName: unitName(unit), legend: violations.map(({ rule }) => RULES[rule]) },
  };
}
