import { effect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Surface } from '../draw/frame.ts';

/** Draws on a canvas; false if it had no time for all, and is to be called again in the next frame. */
export type Draw = (surface: Surface) => boolean | undefined;

/**
 * A canvas that is drawn at most once per frame, as large as its box. `collect` reads the signals that the picture
 * depends on. Each drawing is a `performance` measure named `draw`.
 */
export function useDrawing(collect: () => Draw) {
  const ref = useRef<HTMLCanvasElement>(null);
  const latest = useRef(collect);
  latest.current = collect;
  useEffect(() => {
    const canvas = ref.current!;
    const context = canvas.getContext('2d', { alpha: true })!;
    let draw: Draw | undefined;
    let frame = 0;
    const schedule = () => {
      if (frame === 0) frame = requestAnimationFrame(run);
    };
    const run = () => {
      frame = 0;
      const started = performance.now();
      const scale = devicePixelRatio;
      const { clientWidth: width, clientHeight: height } = canvas;
      if (width === 0 || height === 0 || draw === undefined) return;
      const [pixels, lines] = [Math.round(width * scale), Math.round(height * scale)];
      if (canvas.width !== pixels) canvas.width = pixels;
      if (canvas.height !== lines) canvas.height = lines;
      const isDone = draw({ context, width, height, scale });
      if (isDone === false) schedule();
      performance.measure('draw', { start: started, end: performance.now() });
      performance.clearMeasures('draw');
    };
    const stop = effect(() => {
      draw = latest.current();
      schedule();
    });
    const observer = new ResizeObserver(schedule);
    observer.observe(canvas);
    return () => {
      stop();
      observer.disconnect();
      cancelAnimationFrame(frame);
    };
  }, []);
  return ref;
}
