import { effect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Surface } from '../draw/frame.ts';

/** What draws on a canvas: reads signals first, so that it is called again when they change, and returns the drawing. */
export type Draw = (surface: Surface) => void;

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
    const run = () => {
      frame = 0;
      const started = performance.now();
      const scale = devicePixelRatio;
      const { clientWidth: width, clientHeight: height } = canvas;
      if (width === 0 || height === 0 || draw === undefined) return;
      const [pixels, lines] = [Math.round(width * scale), Math.round(height * scale)];
      if (canvas.width !== pixels) canvas.width = pixels;
      if (canvas.height !== lines) canvas.height = lines;
      draw({ context, width, height, scale });
      performance.measure('draw', { start: started, end: performance.now() });
      performance.clearMeasures('draw');
    };
    const schedule = () => {
      if (frame === 0) frame = requestAnimationFrame(run);
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
