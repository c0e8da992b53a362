import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { ClockPicture } from '../protocol.ts';
import { countText, lengthText, type Unit } from '../state/exact.ts';
import { palette } from '../state/scene.ts';
import { histogram, residuals } from './samples.ts';

type Cpu = ClockPicture['cpus'][number];

const SIZE = { width: 380, height: 180 };

/** A plot that is made anew when its data or the theme change. */
function Plot({ title, make }: { readonly title: string; readonly make: (element: HTMLElement) => uPlot }) {
  const ref = useRef<HTMLDivElement>(null);
  const theme = palette.value;
  useEffect(() => {
    const plot = make(ref.current!);
    return () => plot.destroy();
  }, [make, theme]);
  return (
    <figure>
      <figcaption>{title}</figcaption>
      <div ref={ref} role="img" aria-label={title} />
    </figure>
  );
}

function axes(x: (value: number) => string, y: (value: number) => string): uPlot.Axis[] {
  const { css } = palette.peek();
  const common = { stroke: css.faint, grid: { stroke: css.line, width: 1 }, ticks: { stroke: css.line, width: 1 } };
  const font = '11px system-ui, sans-serif';
  return [
    { ...common, font, size: 28, values: (_, splits) => splits.map(x) },
    { ...common, font, size: 76, values: (_, splits) => splits.map(y) },
  ];
}

const time = (unit: Unit) => (value: number) => (value === 0 ? '0' : lengthText(value, unit));

export function OffsetPlot({ cpu, unit }: { readonly cpu: Cpu; readonly unit: Unit }) {
  const make = (element: HTMLElement) =>
    new uPlot(
      {
        ...SIZE,
        legend: { show: false },
        scales: { x: { time: false } },
        axes: axes(time(unit), time(unit)),
        series: [{}, line('offset', true)],
      },
      [cpu.times, cpu.offsets],
      element,
    );
  return <Plot title="Offset since the first sample" make={useStable(make, cpu)} />;
}

export function ResidualPlot({ cpu, unit }: { readonly cpu: Cpu; readonly unit: Unit }) {
  const make = (element: HTMLElement) => {
    const rest = residuals(cpu.times, cpu.offsets);
    // Where no bound is known there is no band.
    const band = (side: number) =>
      Array.from(rest, (value, at) => (Number.isNaN(cpu.bounds[at]!) ? null : value + side * cpu.bounds[at]!));
    const { css } = palette.peek();
    return new uPlot(
      {
        ...SIZE,
        legend: { show: false },
        scales: { x: { time: false } },
        axes: axes(time(unit), time(unit)),
        series: [{}, line('', false), line('', false), line('off the line', true)],
        bands: [{ series: [2, 1], fill: css.range }],
      },
      [cpu.times, band(-1), band(1), rest],
      element,
    );
  };
  return <Plot title="Offset without its drift, and its error band" make={useStable(make, cpu)} />;
}

export function HistogramPlot({ values, unit }: { readonly values: Float64Array; readonly unit: Unit }) {
  const make = (element: HTMLElement) => {
    const { edges, counts } = histogram(values, 40);
    const { css } = palette.peek();
    return new uPlot(
      {
        ...SIZE,
        legend: { show: false },
        scales: { x: { time: false }, y: { range: (_, __, most) => [0, most * 1.05] } },
        axes: axes(time(unit), String),
        series: [
          {},
          {
            stroke: css.accent,
            fill: css.range,
            width: 1,
            points: { show: false },
            paths: uPlot.paths.bars!({ size: [1] }),
          },
        ],
      },
      [edges, counts],
      element,
    );
  };
  return <Plot title={`Round trips of ${countText(values.length)} probes`} make={useStable(make, values)} />;
}

function line(label: string, isShown: boolean): uPlot.Series {
  const { css } = palette.peek();
  const points = { show: isShown, size: 4, stroke: css.accent, fill: css.background };
  return isShown ? { label, stroke: css.accent, width: 1.5, points } : { label, width: 0, points };
}

/** The same function for the same data. */
function useStable<T>(make: T, data: object): T {
  const ref = useRef({ make, data });
  if (ref.current.data !== data) ref.current = { make, data };
  return ref.current.make;
}
