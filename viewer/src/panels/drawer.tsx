import { useSignal } from '@preact/signals';
import * as page from '../state/page.ts';
import { Clocks } from './clocks.tsx';
import { Details } from './details.tsx';
import { EventTable } from './event-table.tsx';
import { Icon } from './icon.tsx';
import { Messages } from './messages.tsx';
import { Steal } from './steal.tsx';
import { TracksPanel } from './tracks-panel.tsx';

const PANELS: readonly { readonly name: page.PanelName; readonly title: string; readonly key: string }[] = [
  { name: 'details', title: 'Details', key: 'i' },
  { name: 'events', title: 'Events', key: 't' },
  { name: 'steal', title: 'Taken by the host', key: 'v' },
  { name: 'clocks', title: 'Clocks', key: 'c' },
  { name: 'tracks', title: 'Tracks', key: 'l' },
  { name: 'messages', title: 'Files', key: '' },
];

const [LEAST, MOST] = [80, 0.75];

/** What stands below the timeline: one panel at a time. */
export function Drawer() {
  const height = useSignal(Math.round(Math.min(560, innerHeight * 0.34)));
  const open = page.panel.value;
  return (
    <section class="drawer" aria-label="Panels" style={{ height: open === undefined ? 'auto' : `${height.value}px` }}>
      {open !== undefined && <Grip height={height} />}
      <div class="tabs">
        <div class="tab-list" role="tablist" onKeyDown={moveTab}>
          {PANELS.map(({ name, title, key }) => (
            <button
              type="button"
              role="tab"
              key={name}
              id={`tab-${name}`}
              aria-selected={open === name}
              aria-controls="panel"
              tabIndex={open === name || (open === undefined && name === 'details') ? 0 : -1}
              title={key === '' ? title : `${title} (${key})`}
              data-testid={`tab-${name}`}
              onClick={() => {
                page.panel.value = name;
              }}
            >
              {title}
              {name === 'messages' && page.failures.value.length > 0 && (
                <span class="badge">{page.failures.value.length}</span>
              )}
            </button>
          ))}
        </div>
        <span class="space" />
        <button
          type="button"
          class="icon"
          aria-label={open === undefined ? 'Show panels' : 'Hide panels'}
          aria-expanded={open !== undefined}
          onClick={() => {
            page.panel.value = open === undefined ? 'details' : undefined;
          }}
        >
          <Icon name={open === undefined ? 'up' : 'down'} />
        </button>
      </div>
      {open !== undefined && (
        <div
          class="panel"
          id="panel"
          role="tabpanel"
          aria-labelledby={`tab-${open}`}
          tabIndex={0}
          data-testid={`panel-${open}`}
        >
          <Panel name={open} />
        </div>
      )}
    </section>
  );
}

function Panel({ name }: { readonly name: page.PanelName }) {
  switch (name) {
    case 'details':
      return <Details />;
    case 'events':
      return <EventTable />;
    case 'steal':
      return <Steal />;
    case 'clocks':
      return <Clocks />;
    case 'tracks':
      return <TracksPanel />;
    default:
      return <Messages />;
  }
}

/** Arrows go from tab to tab, as in every tab list. */
function moveTab(event: KeyboardEvent): void {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (by === undefined) return;
  const at = PANELS.findIndex(({ name }) => name === page.panel.value);
  const next = PANELS[(at + by + PANELS.length) % PANELS.length]!;
  page.panel.value = next.name;
  document.getElementById(`tab-${next.name}`)?.focus();
  event.preventDefault();
  event.stopPropagation();
}

/** The edge that is dragged, or moved by arrows. */
function Grip({ height }: { readonly height: { value: number } }) {
  const set = (wanted: number) => {
    height.value = Math.round(Math.max(LEAST, Math.min(innerHeight * MOST, wanted)));
  };
  return (
    <div
      class="grip"
      role="separator"
      aria-orientation="horizontal"
      aria-label="Height of the panel"
      aria-valuenow={height.value}
      aria-valuemin={LEAST}
      aria-valuemax={Math.round(innerHeight * MOST)}
      tabIndex={0}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        if (event.buttons === 1) set(innerHeight - event.clientY);
      }}
      onKeyDown={(event) => {
        const by = { ArrowUp: 20, ArrowDown: -20 }[event.key];
        if (by === undefined) return;
        set(height.value + by);
        event.preventDefault();
        event.stopPropagation();
      }}
    />
  );
}
