import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import * as page from '../state/page.ts';
import { openAll } from './toolbar.tsx';

/** Files can be dropped anywhere on the page. */
export function DropTarget() {
  const isOver = useSignal(false);
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      isOver.value = true;
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) isOver.value = false;
    };
    const drop = (event: DragEvent) => {
      event.preventDefault();
      isOver.value = false;
      openAll(event.dataTransfer?.files);
    };
    addEventListener('dragover', over);
    addEventListener('dragleave', leave);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragover', over);
      removeEventListener('dragleave', leave);
      removeEventListener('drop', drop);
    };
  }, []);
  return isOver.value ? <div class="drop-over">Drop trace.dat files to open them</div> : null;
}

/** What stands there before any file is open. */
export function Welcome() {
  const isOpening = page.stage.value === 'opening';
  return (
    <div class="welcome" data-testid="welcome">
      <h2>{isOpening ? 'Opening ...' : 'Drop trace.dat files here'}</h2>
      <p>
        A host's file and those of its guests, recorded together by <code>record -A</code>, appear on one timeline.
        Files are read in this page and never leave it.
      </p>
      <ul class="messages">
        {page.failures.value.map(({ name, message }) => (
          <li class="error" key={`${name} ${message}`} data-testid="failure">
            {name !== undefined && !message.includes(name) && <b>{name}: </b>}
            {message}
          </li>
        ))}
      </ul>
    </div>
  );
}
