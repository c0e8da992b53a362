import { useSignal } from '@preact/signals';
import { countText } from '../state/exact.ts';
import { openFiles } from '../state/link.ts';
import * as page from '../state/page.ts';

/** Files that are more than a tab can hold: a part of them can be opened. */
export function Oversize() {
  const large = page.oversize.value;
  const from = useSignal('0');
  const to = useSignal('');
  if (large === undefined) return null;
  const { events, most, seconds } = large;
  const proposed = Math.max(0.001, Math.floor(((seconds * most) / events) * 900) / 1000);
  const end = to.value === '' ? String(Math.min(seconds, Number(from.value) + proposed)) : to.value;
  const isRange = Number(end) > Number(from.value) && Number(from.value) >= 0;
  return (
    <form
      class="oversize"
      aria-label="A part of the recording"
      data-testid="oversize"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isRange) return;
        const range = { from: Number(from.value), to: Number(end) };
        page.oversize.value = undefined;
        openFiles([], { ...page.settings.value, range });
      }}
    >
      <p>
        These files have about {countText(events)} events; a tab can hold {countText(most)}. Open a part of the{' '}
        {seconds.toFixed(3)} s that they last:
      </p>
      <label>
        from{' '}
        <input
          type="number"
          min={0}
          max={seconds}
          step="any"
          value={from.value}
          data-testid="range-from"
          onInput={(event) => {
            from.value = event.currentTarget.value;
          }}
        />{' '}
        s
      </label>
      <label>
        to{' '}
        <input
          type="number"
          min={0}
          max={seconds}
          step="any"
          value={end}
          data-testid="range-to"
          onInput={(event) => {
            to.value = event.currentTarget.value;
          }}
        />{' '}
        s
      </label>
      <button type="submit" class="tool" disabled={!isRange}>
        Open it
      </button>
    </form>
  );
}
