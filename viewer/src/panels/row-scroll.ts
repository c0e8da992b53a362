import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

/** Browsers have no boxes that are higher than some ten million pixels. */
const MOST_HEIGHT = 4_000_000;

/**
 * Scrolling over any number of rows: the scroll bar stands for all of them, and the wheel moves by rows. `top` is the
 * first row that is visible.
 */
export function useRowScroll(body: { readonly current: HTMLElement | null }, rowHeight: number, total: () => number) {
  const top = useSignal(0);
  const room = useSignal(200);
  const height = useSignal(0);
  const offset = useSignal(0);
  const own = useRef(-1);
  height.value = Math.min(total() * rowHeight, MOST_HEIGHT);

  const most = () => Math.max(0, total() - Math.floor(room.peek() / rowHeight));
  const go = (row: number) => {
    top.value = Math.min(Math.max(0, row), most());
    const element = body.current;
    if (element === null) return;
    const path = Math.max(1, height.peek() - element.clientHeight);
    own.current = Math.round(most() === 0 ? 0 : (top.value / most()) * path);
    element.scrollTop = own.current;
    offset.value = element.scrollTop;
  };
  useEffect(() => {
    const element = body.current!;
    const observer = new ResizeObserver(() => {
      room.value = element.clientHeight;
    });
    observer.observe(element);
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      go(top.peek() + Math.trunc(event.deltaY / rowHeight) + Math.sign(event.deltaY % rowHeight));
    };
    element.addEventListener('wheel', wheel, { passive: false });
    return () => {
      observer.disconnect();
      element.removeEventListener('wheel', wheel);
    };
  }, []);
  return {
    top,
    room,
    height,
    offset,
    /** Scrolls only if the row is not visible. */
    show(row: number) {
      const visible = Math.floor(room.peek() / rowHeight);
      if (row < top.peek() || row >= top.peek() + visible - 1) go(row - Math.floor(visible / 3));
    },
    onScroll(event: { readonly currentTarget: HTMLElement }) {
      const { scrollTop, clientHeight } = event.currentTarget;
      offset.value = scrollTop;
      if (Math.abs(scrollTop - own.current) < 2) return;
      own.current = -1;
      const path = Math.max(1, height.peek() - clientHeight);
      top.value = Math.round((scrollTop / path) * most());
    },
  };
}
