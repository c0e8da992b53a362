import { useEffect, useRef } from 'preact/hooks';
import { COMMANDS } from '../state/commands.ts';
import * as page from '../state/page.ts';

const NAMES: Readonly<Record<string, string>> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Escape: 'Esc',
};

const POINTER: readonly (readonly [string, string])[] = [
  ['wheel', 'Scroll through the tracks; on the axis: zoom'],
  ['Ctrl + wheel', 'Zoom where the pointer is'],
  ['Shift + wheel', 'Move in time'],
  ['drag', 'Measure a range'],
  ['Shift + drag', 'Move in time'],
  ['click', 'Select a slice or an event'],
  ['double click', 'Zoom to it'],
];

/** All keys, from the table that they are bound by. */
export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  const isShown = page.helpShown.value;
  useEffect(() => {
    if (isShown) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isShown]);
  return (
    <dialog
      ref={dialog}
      class="help"
      aria-label="Keys"
      data-testid="help"
      onClose={() => {
        page.helpShown.value = false;
      }}
    >
      <h2>Keys</h2>
      <div class="columns">
        <dl class="keys">
          {COMMANDS.map(({ keys, name }) => (
            <div key={name}>
              <dt>
                {keys.map((key) => (
                  <kbd key={key}>{NAMES[key] ?? key}</kbd>
                ))}
              </dt>
              <dd>{name}</dd>
            </div>
          ))}
        </dl>
        <dl class="keys">
          {POINTER.map(([what, does]) => (
            <div key={what}>
              <dt>
                <kbd>{what}</kbd>
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
      </div>
      <Legend />
      <form method="dialog">
        <button type="submit" class="tool">
          Close
        </button>
      </form>
    </dialog>
  );
}

const STATES: readonly (readonly [number, string])[] = [
  [1, 'in guest'],
  [2, 'in the hypervisor, for an exit'],
  [3, 'preempted: its CPU was taken away'],
  [4, 'woken, waits for a CPU'],
  [5, 'blocked on the host'],
  [6, 'halted: the guest had nothing to do'],
  [0, 'unknown'],
];

function Legend() {
  return (
    <>
      <h2>A vCPU's thread</h2>
      <ul class="legend">
        {STATES.map(([state, text]) => (
          <li key={state}>
            <span class={`swatch state-${state}`} aria-hidden="true" /> {text}
          </li>
        ))}
        <li>
          <span class="swatch hatched" aria-hidden="true" /> in the guest's tracks: taken by the host while there was
          something to do
        </li>
      </ul>
    </>
  );
}
