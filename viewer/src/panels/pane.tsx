import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { drawRows } from '../draw/frame.ts';
import { StripPictures } from '../draw/strip-pictures.ts';
import { select, zoomToSelection } from '../state/go.ts';
import { itemOnStrip } from '../state/item.ts';
import type { Item } from '../state/page.ts';
import type { Rows } from '../state/rows.ts';
import { scene } from '../state/scene.ts';
import { shown } from '../state/shown.ts';
import { sought } from '../state/sought.ts';
import { useDrawing } from './drawing.ts';
import { Label } from './label.tsx';
import { pointing } from './pointing.ts';

/** For painting, of a frame: what is left after it is done in the next ones. */
const PAINT_MS = 16;

/** Rows that scroll together: their labels, and one canvas as large as what is visible of them. */
export function Pane({ rows, name }: { readonly rows: { readonly value: Rows }; readonly name: string }) {
  const scroller = useRef<HTMLDivElement>(null);
  const scroll = useSignal(0);
  const pictures = useMemo(() => new StripPictures(), []);
  const canvas = useDrawing(() => {
    const [own, all, from] = [scene.value, rows.value.rows, scroll.value];
    return (surface) => {
      if (own === undefined) return true;
      const isDone = drawRows(surface, pictures, all, from, own, PAINT_MS);
      if (name === 'main') shown.value = { top: from, height: surface.height, width: surface.width };
      return isDone;
    };
  });
  useScrollToSought(scroller, rows);
  const handlers = useMemo(
    () => pointing((time, y, reach) => hitRow(rows.value, y + (scroller.current?.scrollTop ?? 0), time, reach), select),
    [],
  );
  useWheel(canvas, handlers.onWheel);
  return (
    <div
      class="pane"
      ref={scroller}
      data-testid={`pane-${name}`}
      onScroll={(event) => {
        scroll.value = event.currentTarget.scrollTop;
      }}
    >
      <div class="pane-inner" style={{ height: `${rows.value.height}px` }}>
        <div class="labels">
          {rows.value.rows.map((row) => (
            <Label key={row.key} row={row} />
          ))}
        </div>
        <canvas
          class="tracks"
          data-testid={`tracks-${name}`}
          role="img"
          aria-label={`Tracks, ${name}: ${rows.value.rows.length} rows. Details of what is selected are below.`}
          ref={canvas}
          onPointerDown={handlers.onPointerDown}
          onPointerMove={handlers.onPointerMove}
          onPointerUp={handlers.onPointerUp}
          onPointerLeave={handlers.onPointerLeave}
          onDblClick={(event) => {
            handlers.onDblClick(event);
            zoomToSelection();
          }}
        />
      </div>
    </div>
  );
}

/** Preact's wheel handlers may not be able to keep the page from scrolling; ones of the element's own are. */
export function useWheel(
  ref: { readonly current: HTMLElement | null },
  onWheel: ReturnType<typeof pointing>['onWheel'],
): void {
  useEffect(() => {
    const element = ref.current!;
    const listener = (event: WheelEvent) => onWheel(event as Parameters<typeof onWheel>[0]);
    element.addEventListener('wheel', listener, { passive: false });
    return () => element.removeEventListener('wheel', listener);
  }, []);
}

function hitRow({ rows }: Rows, y: number, time: number, reach: number): Item | undefined {
  const row = rows.find(({ top, height }) => y >= top && y < top + height);
  const strip = row?.strips.find((own) => y - row.top >= own.y && y - row.top < own.y + own.height);
  return strip && itemOnStrip(strip, time, reach);
}

function useScrollToSought(
  scroller: { readonly current: HTMLDivElement | null },
  rows: { readonly value: Rows },
): void {
  useEffect(() => {
    const stop = sought.subscribe((wanted) => {
      const pane = scroller.current;
      if (wanted === undefined || pane === null) return;
      // Rows that were folded away appear first.
      requestAnimationFrame(() => {
        const row = rows.value.rows.find(({ key }) => key === wanted.key);
        if (row === undefined) return;
        const isAbove = row.top < pane.scrollTop + 40;
        const isBelow = row.top + row.height > pane.scrollTop + pane.clientHeight;
        if (isAbove || isBelow) pane.scrollTop = row.top - pane.clientHeight / 3;
      });
    });
    return stop;
  }, []);
}
