import { useMemo } from 'preact/hooks';
import { drawOverview } from '../draw/overview.ts';
import { setView } from '../state/go.ts';
import * as page from '../state/page.ts';
import { scene } from '../state/scene.ts';
import { zoomed } from '../state/view.ts';
import { useDrawing } from './drawing.ts';
import { useWheel } from './pane.tsx';

/** The whole recording; dragging moves the view, the wheel zooms it. */
export function OverviewStrip() {
  const canvas = useDrawing(() => {
    const own = scene.value;
    const whole = page.whole.value;
    const until = page.stage.value === 'loaded' ? whole.end : page.progress.value.until;
    return (surface) => {
      if (own !== undefined) drawOverview(surface, { ...own, whole, until });
    };
  });
  const handlers = useMemo(strip, []);
  useWheel(canvas, handlers.onWheel);
  return (
    <div class="overview">
      <div class="corner faint">whole recording</div>
      <canvas
        ref={canvas}
        data-testid="overview"
        role="img"
        aria-label="Events along the whole recording; the part that is shown is light"
        onPointerDown={handlers.onPointerDown}
        onPointerMove={handlers.onPointerMove}
      />
    </div>
  );
}

function strip() {
  const timeAt = (event: MouseEvent) => {
    const { left, width } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const { start, end } = page.whole.peek();
    return start + ((event.clientX - left) / Math.max(1, width)) * (end - start);
  };
  const centre = (time: number) => {
    const { start, end } = page.view.peek();
    setView({ start: time - (end - start) / 2, end: time + (end - start) / 2 });
  };
  return {
    onPointerDown(event: PointerEvent) {
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
      centre(timeAt(event));
    },
    onPointerMove(event: PointerEvent) {
      if (event.buttons === 1) centre(timeAt(event));
    },
    onWheel(event: WheelEvent) {
      event.preventDefault();
      setView(zoomed(page.view.peek(), Math.exp(event.deltaY / 300), timeAt(event), page.whole.peek()));
    },
  };
}
