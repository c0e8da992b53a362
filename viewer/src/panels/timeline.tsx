import { useMemo } from 'preact/hooks';
import { drawAxis } from '../draw/axis.ts';
import { drawOverlay } from '../draw/overlay.ts';
import { exactTime, lengthText } from '../state/exact.ts';
import * as page from '../state/page.ts';
import { mainRows, pinnedRows } from '../state/rows.ts';
import { scene } from '../state/scene.ts';
import { useDrawing } from './drawing.ts';
import { OverviewStrip } from './overview-strip.tsx';
import { Pane, useWheel } from './pane.tsx';
import { pointing } from './pointing.ts';
import { Tooltip } from './tooltip.tsx';

/** All that has time from left to right. */
export function Timeline() {
  return (
    <section class="timeline" aria-label="Timeline" data-testid="timeline">
      <OverviewStrip />
      <Axis />
      {pinnedRows.value.rows.length > 0 && (
        <div class="pinned" style={{ height: `${pinnedRows.value.height + 4}px` }}>
          <Pane rows={pinnedRows} name="pinned" />
        </div>
      )}
      <Pane rows={mainRows} name="main" />
      <OverlayCanvas />
      <Tooltip />
    </section>
  );
}

function Axis() {
  const canvas = useDrawing(() => {
    const own = scene.value;
    return (surface) => {
      if (own !== undefined) drawAxis(surface, own.layout.base, own.view, own.layout.unit, own.palette);
    };
  });
  const handlers = useMemo(
    () =>
      pointing(
        () => undefined,
        () => undefined,
        true,
      ),
    [],
  );
  useWheel(canvas, handlers.onWheel);
  return (
    <div class="axis">
      <Corner />
      <canvas
        ref={canvas}
        data-testid="axis"
        role="img"
        aria-label="Time axis"
        onPointerDown={handlers.onPointerDown}
        onPointerMove={handlers.onPointerMove}
        onPointerUp={handlers.onPointerUp}
        onPointerLeave={handlers.onPointerLeave}
      />
    </div>
  );
}

/** Where the view begins, and how long it is. */
function Corner() {
  const layout = page.layout.value;
  if (layout === undefined) return <div class="corner" />;
  const { start, end } = page.view.value;
  return (
    <div class="corner" data-testid="view-span">
      <span class="time">{exactTime(layout.base, Math.floor(start), layout.unit)}</span>
      <span class="faint">{lengthText(end - start, layout.unit)}</span>
    </div>
  );
}

function OverlayCanvas() {
  const canvas = useDrawing(() => {
    const own = scene.value;
    const [range, marks, pointer] = [page.range.value, page.marks.value, page.pointer.value?.time];
    return (surface) => {
      if (own === undefined) return;
      const { base, unit } = own.layout;
      drawOverlay(surface, { base, unit, view: own.view, palette: own.palette, range, marks, pointer });
    };
  });
  return <canvas class="overlay" ref={canvas} />;
}
