import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { NoAnswer } from '../state/link.ts';
import * as page from '../state/page.ts';
import { Icon } from './icon.tsx';
import { saveCsv, savePng, saveSvg } from './save.ts';

const WAYS: readonly { readonly name: string; readonly run: () => void | Promise<void> }[] = [
  { name: 'Picture of the tracks (PNG)', run: savePng },
  { name: 'Vectors of the tracks (SVG)', run: saveSvg },
  { name: 'Events shown, or in the range (CSV)', run: saveCsv },
];

export function SaveMenu() {
  const isOpen = useSignal(false);
  const menu = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isOpen.value) return;
    menu.current?.querySelector('button')?.focus();
    const close = (event: Event) => {
      if (!(event.target instanceof Node && menu.current?.parentElement?.contains(event.target))) isOpen.value = false;
    };
    addEventListener('pointerdown', close);
    return () => removeEventListener('pointerdown', close);
  }, [isOpen.value]);
  return (
    <div class="menu-place">
      <button
        type="button"
        class="tool"
        aria-haspopup="menu"
        aria-expanded={isOpen.value}
        data-testid="save"
        onClick={() => {
          isOpen.value = !isOpen.value;
        }}
      >
        <Icon name="save" /> Save
      </button>
      {isOpen.value && (
        <div class="menu" role="menu" tabIndex={-1} ref={menu} onKeyDown={(event) => onKey(event, isOpen)}>
          {WAYS.map(({ name, run }) => (
            <button type="button" role="menuitem" key={name} onClick={() => choose(run, isOpen)}>
              {name}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

function choose(run: () => void | Promise<void>, isOpen: { value: boolean }): void {
  isOpen.value = false;
  Promise.resolve(run()).catch((error: unknown) => {
    if (!(error instanceof NoAnswer)) throw error;
    page.warnings.value = [...page.warnings.value, error.message];
    page.panel.value = 'messages';
  });
}

function onKey(event: KeyboardEvent, isOpen: { value: boolean }): void {
  const items = [...(event.currentTarget as HTMLElement).querySelectorAll('button')];
  const at = items.indexOf(document.activeElement as HTMLButtonElement);
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by !== undefined) items[(at + by + items.length) % items.length]?.focus();
  else if (event.key === 'Escape') isOpen.value = false;
  else return;
  event.preventDefault();
  event.stopPropagation();
}
