import * as page from '../state/page.ts';
import type { Row } from '../state/rows.ts';
import { closeTask } from '../state/task-rows.ts';
import { Icon } from './icon.tsx';

/** A row's name, and what can be done with it. */
export function Label({ row }: { readonly row: Row }) {
  const style = { top: `${row.top}px`, height: `${row.height}px` };
  if (row.kind === 'machine') return <MachineLabel row={row} style={style} />;
  const name = [row.label, row.note].filter((text) => text !== '').join(', ');
  return (
    <div class={`label label-${row.kind}`} style={style} data-testid={`label-${row.key}`}>
      {row.kind === 'calls' && (
        <button
          type="button"
          class="icon fold"
          aria-expanded={row.isOpen}
          aria-label={`All levels of ${name}`}
          onClick={() => {
            page.unfolded.value = page.toggled(page.unfolded.value, row.key);
          }}
        >
          <Icon name={row.isOpen ? 'down' : 'right'} />
        </button>
      )}
      <span class="label-name" title={name}>
        {row.label !== '' && <b>{row.label}</b>}
        {row.note !== '' && <span class="faint">{row.note}</span>}
      </span>
      <span class="label-buttons">
        <button
          type="button"
          class="icon"
          aria-pressed={row.isPinned}
          aria-label={`Pin ${name}`}
          title={row.isPinned ? 'Unpin' : 'Pin to the top'}
          onClick={() => {
            page.pinned.value = page.toggled(page.pinned.value, row.key);
          }}
        >
          <Icon name="pin" />
        </button>
        <button type="button" class="icon" aria-label={`Hide ${name}`} title="Hide" onClick={() => hide(row)}>
          <Icon name="close" />
        </button>
      </span>
    </div>
  );
}

function hide(row: Row): void {
  if (row.kind === 'task') {
    const task = page.taskRows.value[row.strips[0]!.track];
    if (task !== undefined) closeTask(task.machine, task.pid);
    return;
  }
  page.pinned.value = new Set([...page.pinned.value].filter((key) => key !== row.key));
  page.hidden.value = new Set([...page.hidden.value, row.key]);
}

function MachineLabel({ row, style }: { readonly row: Row; readonly style: Record<string, string> }) {
  return (
    <div class="label label-machine" style={style}>
      <button
        type="button"
        class="machine"
        aria-expanded={row.isOpen}
        data-testid={`fold-${row.label}`}
        title={`${row.label}: ${row.note}`}
        onClick={() => {
          page.folded.value = page.toggled(page.folded.value, row.machine);
        }}
      >
        <Icon name={row.isOpen ? 'down' : 'right'} />
        <b>{row.label}</b>
        <span class="faint">{row.note}</span>
      </button>
    </div>
  );
}
