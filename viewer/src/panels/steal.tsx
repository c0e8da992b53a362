import type { ComponentChildren } from 'preact';
import { type GuestStory, type Interval, VCPU_STATE } from '../../../src/tracks/types.ts';
import { countText, lengthText, percentText } from '../state/exact.ts';
import { goTo } from '../state/go.ts';
import * as page from '../state/page.ts';
import { trackOf } from '../state/track-key.ts';

const STATE_NAMES: Readonly<Record<number, string>> = {
  [VCPU_STATE.preempted]: 'preempted by',
  [VCPU_STATE.waking]: 'woken, waited for',
  [VCPU_STATE.blocked]: 'blocked after exit',
  [VCPU_STATE.inHypervisor]: 'in the hypervisor for exit',
};

/** What the host did to its guests. */
export function Steal() {
  const stories = page.stories.value;
  if (page.stage.value !== 'loaded') return <p class="panel-body faint">Known when all is read.</p>;
  if (stories.length === 0) {
    return (
      <p class="panel-body faint" data-testid="no-stories">
        No guest with its host is open. Drop the guest's trace.dat and that of its host on this page, both recorded by
        one `record -A`.
      </p>
    );
  }
  return (
    <div class="panel-body" data-testid="steal">
      {stories.map((story) => (
        <Story key={story.machine} story={story} />
      ))}
    </div>
  );
}

function Story({ story }: { readonly story: GuestStory }) {
  const layout = page.layout.value;
  if (layout === undefined) return null;
  const name = layout.machines[story.machine]?.name ?? 'guest';
  const whole = story.inGuest + story.stolen + story.halted + story.unknown;
  const shares = [
    ['in guest', story.inGuest],
    ['taken by the host', story.stolen],
    ['halted', story.halted],
    ['unknown', story.unknown],
  ] as const;
  return (
    <section class="story" aria-label={`What the host did to ${name}`} data-testid={`story-${name}`}>
      <h2>
        {name}
        {shares.map(([text, length]) => (
          <span class="share" key={text}>
            {text} <b>{lengthText(length, layout.unit)}</b>{' '}
            <span class="faint">{percentText(length / (whole || 1))}</span>
          </span>
        ))}
      </h2>
      <Missing story={story} />
      <div class="columns">
        {story.steal.length > 0 && <Causes story={story} />}
        {story.exits.length > 0 && <Exits story={story} />}
        {story.wakeups.length > 0 && <Wakeups story={story} />}
      </div>
    </section>
  );
}

function Missing({ story: { missing } }: { readonly story: GuestStory }) {
  const sides = [
    ['host', missing.host],
    ['guest', missing.guest],
  ] as const;
  return (
    <>
      {sides.map(
        ([side, options]) =>
          options.length > 0 && (
            <p class="faint" key={side}>
              The {side}'s file lacks events for some of this: record with <code>{options.join(' ')}</code>
            </p>
          ),
      )}
    </>
  );
}

/** Where a worst case is: a button that goes to the thread's track at that time. */
function Go({ machine, at, text }: { readonly machine: number; readonly at: Interval; readonly text: string }) {
  const go = () => {
    const layout = page.layout.value;
    if (layout === undefined) return;
    const vcpu = trackOf(layout, 'vcpu', machine, at.cpu);
    const track = vcpu >= 0 ? vcpu : trackOf(layout, 'tasks', machine, at.cpu);
    goTo(track, at.start, at);
  };
  return (
    <button type="button" class="link" onClick={go} data-testid="go">
      {text}
    </button>
  );
}

interface Summed {
  readonly count: number;
  readonly total: number;
  readonly worst: Interval;
}

interface SumsProps<Row extends Summed> {
  readonly testId: string;
  readonly caption: string;
  /** What the first column has. */
  readonly kind: string;
  readonly machine: number;
  /** The one with the largest total comes first. */
  readonly rows: readonly Row[];
  keyOf(row: Row): string;
  label(row: Row): ComponentChildren;
}

function Sums<Row extends Summed>({ testId, caption, kind, machine, rows, keyOf, label }: SumsProps<Row>) {
  const unit = page.layout.value?.unit ?? 'ns';
  const most = rows[0]?.total ?? 1;
  return (
    <table data-testid={testId}>
      <caption>{caption}</caption>
      <thead>
        <tr>
          <th>{kind}</th>
          <th class="number">times</th>
          <th class="number">together</th>
          <th class="number">worst</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            <td>{label(row)}</td>
            <td class="number">{countText(row.count)}</td>
            <td class="number bar" style={{ '--part': row.total / most }}>
              {lengthText(row.total, unit)}
            </td>
            <td class="number">
              <Go machine={machine} at={row.worst} text={lengthText(row.worst.end - row.worst.start, unit)} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Causes({ story }: { readonly story: GuestStory }) {
  return (
    <Sums
      testId="steal-causes"
      caption="Time taken, by cause"
      kind="cause"
      machine={story.machine}
      rows={story.steal}
      keyOf={({ state, cause, pid }) => `${state} ${cause} ${pid}`}
      label={({ state, cause, pid }) => (
        <>
          <span class={`swatch state-${state}`} aria-hidden="true" />
          <span class="faint">{STATE_NAMES[state]}</span> {cause}
          {pid !== undefined && pid > 0 && <span class="faint">-{pid}</span>}
        </>
      )}
    />
  );
}

function Exits({ story }: { readonly story: GuestStory }) {
  return (
    <Sums
      testId="exits"
      caption="Exits, by reason"
      kind="reason"
      machine={story.machine}
      rows={story.exits}
      keyOf={({ reason }) => reason}
      label={({ reason }) => reason}
    />
  );
}

function Wakeups({ story }: { readonly story: GuestStory }) {
  const unit = page.layout.value?.unit ?? 'ns';
  return (
    <table data-testid="wakeups">
      <caption>Worst wake-up latencies in the guest</caption>
      <thead>
        <tr>
          <th>task</th>
          <th class="number">CPU</th>
          <th class="number">latency</th>
          <th class="number">host's part</th>
          <th class="number">guest's part</th>
        </tr>
      </thead>
      <tbody>
        {story.wakeups.map(({ pid, comm, waking, hostPart, guestPart }) => (
          <tr key={`${pid} ${waking.start}`}>
            <td>
              {comm}
              <span class="faint">-{pid}</span>
            </td>
            <td class="number">{waking.cpu}</td>
            <td class="number">
              <Go machine={story.machine} at={waking} text={lengthText(waking.end - waking.start, unit)} />
            </td>
            <td class="number">{lengthText(hostPart, unit)}</td>
            <td class="number">{lengthText(guestPart, unit)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
