import { useSignal } from '@preact/signals';
import * as page from '../state/page.ts';
import { allRows } from '../state/rows.ts';
import { openTask } from '../state/task-rows.ts';

const MOST_TASKS = 200;

/** All tracks by machine, to hide and pin; and all tasks, to open a track for one. */
export function TracksPanel() {
  const layout = page.layout.value;
  if (layout === undefined) return <p class="panel-body faint">No file is open.</p>;
  return (
    <div class="panel-body columns tracks-panel" data-testid="tracks-panel">
      <TaskSearch />
      {layout.machines.map((machine, place) => (
        <fieldset key={machine.name}>
          <legend>{machine.name}</legend>
          {allRows.value
            .filter(({ kind, machine: own }) => own === place && kind !== 'machine' && kind !== 'task')
            .map((row) => (
              <div class="track-line" key={row.key}>
                <label>
                  <input
                    type="checkbox"
                    checked={!page.hidden.value.has(row.key)}
                    onChange={() => {
                      page.hidden.value = page.toggled(page.hidden.value, row.key);
                    }}
                  />{' '}
                  {row.label === '' ? `CPU ${row.cpu}` : row.label} <span class="faint">{row.note}</span>
                </label>
                <label class="faint">
                  <input
                    type="checkbox"
                    checked={page.pinned.value.has(row.key)}
                    onChange={() => {
                      page.pinned.value = page.toggled(page.pinned.value, row.key);
                    }}
                  />{' '}
                  pinned
                </label>
              </div>
            ))}
        </fieldset>
      ))}
    </div>
  );
}

function TaskSearch() {
  const wanted = useSignal('');
  const layout = page.layout.value;
  const text = wanted.value.trim().toLowerCase();
  const found = page.tasks.value.flatMap((tasks, machine) =>
    [...tasks]
      .filter(([pid, name]) => pid > 0 && (name.toLowerCase().includes(text) || String(pid) === text))
      .map(([pid, name]) => ({ machine, pid, name })),
  );
  return (
    <fieldset class="task-search">
      <legend>Task, on a track of its own</legend>
      <input
        type="search"
        aria-label="Name or pid of a task"
        placeholder="name or pid"
        data-testid="task-search"
        value={wanted.value}
        onInput={(event) => {
          wanted.value = event.currentTarget.value;
        }}
      />
      <ul class="found-tasks">
        {found.slice(0, MOST_TASKS).map(({ machine, pid, name }) => (
          <li key={`${machine} ${pid}`}>
            <button type="button" class="link" data-testid="open-task" onClick={() => void openTask(machine, pid)}>
              {name}-{pid}
            </button>{' '}
            <span class="faint">{layout?.machines[machine]?.name}</span>
          </li>
        ))}
      </ul>
      {found.length > MOST_TASKS && <p class="faint">{found.length - MOST_TASKS} more; type some of the name.</p>}
    </fieldset>
  );
}
