import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { impossibleText } from '../state/clocks.ts';
import { ask, NoAnswer } from '../state/link.ts';
import type { Item } from '../state/page.ts';
import * as page from '../state/page.ts';
import { scene } from '../state/scene.ts';
import { sentenceOf, sentenceText } from '../state/sentence.ts';

const REST = 60;

/** A sentence about what is under the pointer, beside it. */
export function Tooltip() {
  const event = useEventLine();
  const box = useRef<HTMLDivElement>(null);
  const place = useSignal({ x: 0, y: 0 });
  useEffect(() => {
    const follow = ({ clientX, clientY }: PointerEvent) => {
      place.value = { x: clientX, y: clientY };
    };
    addEventListener('pointermove', follow, { passive: true });
    return () => removeEventListener('pointermove', follow);
  }, []);
  const world = scene.value;
  const at = page.pointer.value;
  if (world === undefined || at?.item === undefined) return null;
  const text = sentenceText(sentenceOf(world, at.item, at.time)) || event;
  if (text === '') return null;
  const { x, y } = place.value;
  const isRight = x > innerWidth / 2;
  const style = {
    [isRight ? 'right' : 'left']: `${(isRight ? innerWidth - x : x) + 14}px`,
    [y > innerHeight * 0.75 ? 'bottom' : 'top']: `${(y > innerHeight * 0.75 ? innerHeight - y : y) + 16}px`,
  };
  return (
    <div class="tooltip" ref={box} style={style} data-testid="tooltip">
      {text}
    </div>
  );
}

/** The report's line of the event under the pointer, once it rests there. */
function useEventLine(): string {
  const line = useSignal<{ readonly item: Item | undefined; readonly text: string }>({ item: undefined, text: '' });
  const item = page.pointer.value?.item;
  const series = item && page.series.value[item.track];
  const events = series?.kind === 'events' ? series : undefined;
  useEffect(() => {
    if (item === undefined || events === undefined) return;
    const timer = setTimeout(() => {
      ask({ type: 'details', track: item.track, event: item.index }).then(
        (details) => {
          const impossible = impossibleText(item.track, events.times[item.index]!);
          const text = details.line.trimStart();
          line.value = { item, text: impossible === undefined ? text : `${text}\n${impossible}` };
        },
        (error: unknown) => {
          if (!(error instanceof NoAnswer)) throw error;
        },
      );
    }, REST);
    return () => clearTimeout(timer);
  }, [events, item?.track, item?.index]);
  const known = line.value.item;
  const isKnown = events !== undefined && known?.track === item?.track && known?.index === item?.index;
  return isKnown ? line.value.text : '';
}
