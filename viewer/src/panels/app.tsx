import { useEffect } from 'preact/hooks';
import { runKey } from '../state/commands.ts';
import * as page from '../state/page.ts';
import { isDark } from '../state/theme.ts';
import { Drawer } from './drawer.tsx';
import { DropTarget, Welcome } from './drop-zone.tsx';
import { Help } from './help.tsx';
import { Oversize } from './oversize.tsx';
import { ProgressLine } from './progress.tsx';
import { Timeline } from './timeline.tsx';
import { Toolbar } from './toolbar.tsx';

export function App() {
  useKeys();
  const dark = isDark.value;
  useEffect(() => {
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  }, [dark]);
  const isOpen = page.layout.value !== undefined;
  return (
    <>
      <Toolbar />
      <ProgressLine />
      <main>
        <Oversize />
        {isOpen ? <Timeline /> : <Welcome />}
        {isOpen && <Drawer />}
      </main>
      <DropTarget />
      <Help />
    </>
  );
}

/** Keys work everywhere but where text is typed. */
function useKeys(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (target.closest('input, textarea, select, dialog') !== null) return;
      // Arrows scroll the panels.
      if (event.key.startsWith('Arrow') && target.closest('.drawer') !== null) return;
      if (page.layout.value === undefined && event.key !== '?') return;
      if (runKey(event.key)) event.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}
