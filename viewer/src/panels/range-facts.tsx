import { countText, exactTime, lengthText, percentText } from '../state/exact.ts';
import { setView } from '../state/go.ts';
import type { Span } from '../state/page.ts';
import * as page from '../state/page.ts';
import { sharesWithin } from '../state/range-shares.ts';
import { allRows } from '../state/rows.ts';

/** The measured range: its length, and what each track did in it. */
export function RangeFacts({ range }: { readonly range: Span }) {
  page.grown.value;
  const layout = page.layout.value;
  if (layout === undefined) return null;
  const { base, unit } = layout;
  const length = range.end - range.start;
  const rows = allRows.value.filter(({ kind, strips }) => kind !== 'machine' && kind !== 'task' && strips.length > 0);
  return (
    <div class="range-facts" data-testid="range-facts">
      <p class="sentence">
        <b>{lengthText(length, unit)}</b> from <span class="time">{exactTime(base, range.start, unit)}</span> until{' '}
        <span class="time">{exactTime(base, range.end, unit)}</span>{' '}
        <button type="button" class="small" onClick={() => setView(range)}>
          Zoom to it
        </button>
      </p>
      <ul class="shares">
        {rows.map((row) => {
          const series = page.series.value[row.strips.at(-1)!.track];
          const shares = series === undefined ? [] : sharesWithin(series, range).filter(({ value }) => value > 0);
          return (
            shares.length > 0 && (
              <li key={row.key}>
                <span class="faint">
                  {layout.machines[row.machine]?.name} {row.label === '' ? `CPU ${row.cpu}` : row.label}
                </span>{' '}
                {shares
                  .map(({ name, value, isCount }) =>
                    isCount
                      ? `${countText(value)} ${name}`
                      : `${name} ${lengthText(value, unit)} (${percentText(value / length)})`,
                  )
                  .join(', ')}
              </li>
            )
          );
        })}
      </ul>
    </div>
  );
}
