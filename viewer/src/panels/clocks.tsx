import { useSignal } from '@preact/signals';
import type { GuestProof } from '../../../src/proof/types.ts';
import type { ClockPicture } from '../protocol.ts';
import { clocks, laneAt, RULES } from '../state/clocks.ts';
import { countText, exactTime, lengthText, seconds } from '../state/exact.ts';
import { goTo } from '../state/go.ts';
import * as page from '../state/page.ts';
import { trackOf } from '../state/track-key.ts';
import { HistogramPlot, OffsetPlot, ResidualPlot } from './clock-plots.tsx';

/** A proof as JSON: exact numbers are strings, what is not known is null. */
type Json<T> = T extends bigint ? string : T extends object ? { readonly [K in keyof T]: Json<T[K]> } : T | null;
type Proof = Json<GuestProof>;

/** How far guests' clocks can be trusted. */
export function Clocks() {
  const pictures = clocks.value;
  if (page.stage.value !== 'loaded') return <p class="panel-body faint">Known when all is read.</p>;
  if (pictures === undefined) return <p class="panel-body faint">Comparing clocks ...</p>;
  if (pictures.length === 0) return <p class="panel-body faint">No guest is open, thus no clock to be corrected.</p>;
  return (
    <div class="panel-body" data-testid="clocks">
      {pictures.map((picture) => (
        <GuestClock key={picture.machine} picture={picture} />
      ))}
    </div>
  );
}

function GuestClock({ picture }: { readonly picture: ClockPicture }) {
  const proof = picture.proof as Proof;
  const chosen = useSignal(0);
  const cpu = picture.cpus[Math.min(chosen.value, picture.cpus.length - 1)];
  const unit = page.layout.value?.unit ?? 'ns';
  return (
    <section class="story" aria-label={`The clock of ${proof.name}`} data-testid={`clock-${proof.name}`}>
      <h2>
        {proof.name}
        <span class={`verdict verdict-${proof.verdict}`} data-testid="verdict">
          {proof.verdict}
        </span>
        <span class="share">
          protocol <b>{proof.protocol ?? 'none'}</b>
        </span>
        <span class="share">
          clock <b>{proof.clock ?? 'unknown'}</b>
        </span>
        <span class="share">
          <b>{countText(proof.events ?? 0)}</b> events
        </span>
      </h2>
      <p class="sentence" data-testid="clock-words">
        {proof.words}
      </p>
      <div class="columns">
        <div>
          <CpuTable proof={proof} />
          {proof.causality != null && <RuleTable proof={proof} />}
          {picture.violations.length > 0 && <Violations picture={picture} />}
        </div>
        {cpu !== undefined && cpu.times.length > 0 && (
          <div class="plots">
            {picture.cpus.length > 1 && (
              <label class="faint">
                Plots of{' '}
                <select
                  value={chosen.value}
                  onChange={(event) => {
                    chosen.value = Number(event.currentTarget.value);
                  }}
                >
                  {picture.cpus.map((other, place) => (
                    <option key={other.cpu} value={place}>
                      CPU {other.cpu}
                    </option>
                  ))}
                </select>
              </label>
            )}
            <OffsetPlot cpu={cpu} unit={unit} />
            <ResidualPlot cpu={cpu} unit={unit} />
            {cpu.roundTrips !== undefined && cpu.roundTrips.length > 0 && (
              <HistogramPlot values={cpu.roundTrips} unit={unit} />
            )}
          </div>
        )}
      </div>
    </section>
  );
}

function CpuTable({ proof }: { readonly proof: Proof }) {
  const unit = proof.unit === 'ticks' ? 'ticks' : 'ns';
  const length = (value: number | null | undefined) => (value == null ? '' : lengthText(value, unit));
  const offset = (value: string | null) =>
    value === null ? '' : unit === 'ns' ? `${seconds(BigInt(value))} s` : `${value} ticks`;
  return (
    <table data-testid="clock-cpus">
      <caption>Samples: host minus guest</caption>
      <thead>
        <tr>
          <th>CPU</th>
          <th class="number">samples</th>
          <th class="number">offset</th>
          <th class="number">drift</th>
          <th class="number">off its line</th>
          <th class="number">bound, median</th>
          <th class="number">worst</th>
        </tr>
      </thead>
      <tbody>
        {proof.cpus.map((cpu) => (
          <tr key={cpu.cpu}>
            <td>{cpu.cpu}</td>
            <td class="number">{countText(cpu.samples ?? 0)}</td>
            <td class="number">{offset(cpu.firstOffset)}</td>
            <td class="number">{cpu.drift === null ? '' : `${cpu.drift.toFixed(3)} ppm`}</td>
            <td class="number">{length(cpu.residual.worst)}</td>
            <td class="number">{length(cpu.bound?.median)}</td>
            <td class="number">{length(cpu.bound?.worst)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What events make of the clock: what physics demands, and how often it was not so. */
function RuleTable({ proof }: { readonly proof: Proof }) {
  const unit = proof.unit === 'ticks' ? 'ticks' : 'ns';
  return (
    <table data-testid="clock-rules">
      <caption>Causality</caption>
      <thead>
        <tr>
          <th>rule</th>
          <th class="number">kept</th>
          <th class="number">violated</th>
          <th class="number">not judged</th>
          <th class="number">worst</th>
        </tr>
      </thead>
      <tbody>
        {proof.causality?.rules.map(({ rule, kept, violated, unjudged, worst }) => (
          <tr key={rule}>
            <td>{rule === null ? '' : RULES[rule]}</td>
            <td class="number">{countText(kept ?? 0)}</td>
            <td class={`number${violated ? ' bad' : ''}`}>{countText(violated ?? 0)}</td>
            <td class="number">{countText(unjudged ?? 0)}</td>
            <td class="number">{worst ? lengthText(worst, unit) : ''}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const MOST_VIOLATIONS = 20;

/** The worst impossible events, with the way to them. */
function Violations({ picture: { machine, violations } }: { readonly picture: ClockPicture }) {
  const layout = page.layout.value;
  if (layout === undefined) return null;
  const worst = [...violations].sort((a, b) => b.distance - a.distance).slice(0, MOST_VIOLATIONS);
  const go = (cpu: number, time: number) =>
    goTo(cpu < 0 ? laneAt(machine, time) : trackOf(layout, 'events', machine, cpu), time);
  return (
    <table data-testid="violations">
      <caption>Events that can't have been when they say, the worst first</caption>
      <thead>
        <tr>
          <th>time</th>
          <th class="number">CPU</th>
          <th>rule</th>
          <th class="number">off by</th>
        </tr>
      </thead>
      <tbody>
        {worst.map(({ rule, cpu, time, distance }, place) => (
          <tr key={`${time} ${place}`}>
            <td>
              <button type="button" class="link" onClick={() => go(cpu, time)} data-testid="go">
                {exactTime(layout.base, time, layout.unit)}
              </button>
            </td>
            <td class="number">{cpu < 0 ? '' : cpu}</td>
            <td>{RULES[rule]}</td>
            <td class="number">{lengthText(distance, layout.unit)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
