/*
 * What the pointer does on the timeline: a click selects, dragging measures a range, dragging with Shift or the middle
 * button moves; the wheel scrolls, with Ctrl it zooms, with Shift it moves.
 */
import { batch } from '@preact/signals';
import type { TargetedMouseEvent, TargetedPointerEvent, TargetedWheelEvent } from 'preact';
import { setView } from '../state/go.ts';
import type { Item } from '../state/page.ts';
import * as page from '../state/page.ts';
import { panned, zoomed } from '../state/view.ts';

const CLICK = 4;
const NOTCH = 480;

type Target = HTMLElement;
type Pointer = TargetedPointerEvent<Target>;

/** What is at a place of the element; `reach`: how far a pointer may be from an event, in time. */
export type Hit = (time: number, y: number, reach: number) => Item | undefined;

export interface Pointing {
  onPointerDown(event: Pointer): void;
  onPointerMove(event: Pointer): void;
  onPointerUp(event: Pointer): void;
  onPointerLeave(): void;
  onWheel(event: TargetedWheelEvent<Target>): void;
  onDblClick(event: TargetedMouseEvent<Target>): void;
}

interface Drag {
  readonly x: number;
  readonly view: page.Span;
  readonly moves: boolean;
  isMoving: boolean;
}

function timeAt(event: { readonly clientX: number; readonly currentTarget: Target }, view = page.view.peek()): number {
  const { left, width } = event.currentTarget.getBoundingClientRect();
  return view.start + ((event.clientX - left) / Math.max(1, width)) * (view.end - view.start);
}

function hitOf(event: Pointer | TargetedMouseEvent<Target>, hit: Hit): Item | undefined {
  const { top, width } = event.currentTarget.getBoundingClientRect();
  const { start, end } = page.view.peek();
  return hit(timeAt(event), event.clientY - top, (5 * (end - start)) / Math.max(1, width));
}

/** Handlers for an element as wide as the view. `zoomsByWheel`: without Ctrl too. */
export function pointing(hit: Hit, select: (item: Item | undefined) => void, zoomsByWheel = false): Pointing {
  let drag: Drag | undefined;
  return {
    onPointerDown(event) {
      if (event.button > 1) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      drag = { x: event.clientX, view: page.view.peek(), moves: event.shiftKey || event.button === 1, isMoving: false };
    },
    onPointerMove(event) {
      if (drag === undefined) {
        page.pointer.value = { time: timeAt(event), item: hitOf(event, hit) };
        return;
      }
      if (!drag.isMoving && Math.abs(event.clientX - drag.x) < CLICK) return;
      drag.isMoving = true;
      dragTo(event, drag);
    },
    onPointerUp(event) {
      const wasMoving = drag?.isMoving ?? true;
      drag = undefined;
      if (wasMoving) return;
      batch(() => {
        page.range.value = undefined;
        select(hitOf(event, hit));
      });
    },
    onPointerLeave() {
      if (drag === undefined) page.pointer.value = undefined;
    },
    onWheel(event) {
      if (event.ctrlKey || event.metaKey || (zoomsByWheel && !event.shiftKey)) {
        event.preventDefault();
        const factor = Math.exp(Math.max(-240, Math.min(240, event.deltaY)) / 300);
        setView(zoomed(page.view.peek(), factor, timeAt(event), page.whole.peek()));
        return;
      }
      const by = event.deltaX !== 0 ? event.deltaX : event.shiftKey ? event.deltaY : 0;
      if (by === 0) return;
      event.preventDefault();
      setView(panned(page.view.peek(), by / NOTCH / 2, page.whole.peek()));
    },
    onDblClick(event) {
      const item = hitOf(event, hit);
      if (item !== undefined) select(item);
    },
  };
}

function dragTo(event: Pointer, { x, view, moves }: Drag): void {
  if (moves) {
    const { width } = event.currentTarget.getBoundingClientRect();
    setView(panned(view, (x - event.clientX) / Math.max(1, width), page.whole.peek()));
    return;
  }
  const { left, width } = event.currentTarget.getBoundingClientRect();
  const length = view.end - view.start;
  const from = view.start + ((x - left) / width) * length;
  const to = timeAt(event, view);
  page.range.value = { start: Math.round(Math.min(from, to)), end: Math.round(Math.max(from, to)) };
}
