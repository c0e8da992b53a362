/*
 * All that keys do, in one table; the help sheet shows it.
 */
import { batch, signal } from '@preact/signals';
import { addMark, setView, zoomToSelection } from './go.ts';
import { nextMatch } from './matches.ts';
import * as page from './page.ts';
import { stepAlong, stepRow } from './step.ts';
import { panned, zoomed } from './view.ts';

export interface Command {
  /** As KeyboardEvent.key has them. */
  readonly keys: readonly string[];
  readonly name: string;
  run(): void;
}

/** Counts requests to put the caret into the search box. */
export const searchWanted = signal(0);

const ZOOM = 0.6;
const PAN = 0.15;

function zoom(factor: number): void {
  const { start, end } = page.view.value;
  const at = page.pointer.value?.time;
  setView(zoomed(page.view.value, factor, at ?? (start + end) / 2, page.whole.value));
}

const pan = (part: number) => setView(panned(page.view.value, part, page.whole.value));

export const COMMANDS: readonly Command[] = [
  { keys: ['w', '+', '='], name: 'Zoom in, where the pointer is', run: () => zoom(ZOOM) },
  { keys: ['s', '-'], name: 'Zoom out', run: () => zoom(1 / ZOOM) },
  { keys: ['a', 'ArrowLeft'], name: 'Move to earlier', run: () => pan(-PAN) },
  { keys: ['d', 'ArrowRight'], name: 'Move to later', run: () => pan(PAN) },
  { keys: ['j', 'ArrowDown'], name: 'Select on the next row', run: () => stepRow(1) },
  { keys: ['k', 'ArrowUp'], name: 'Select on the row before', run: () => stepRow(-1) },
  { keys: ['.'], name: 'Select the next slice or event of the track', run: () => stepAlong(1) },
  { keys: [','], name: 'Select the one before', run: () => stepAlong(-1) },
  { keys: ['f', '0'], name: 'Fit: show all', run: () => setView(page.whole.value) },
  { keys: ['z'], name: 'Zoom to the selection or the measured range', run: zoomToSelection },
  { keys: ['/'], name: 'Search', run: () => searchWanted.value++ },
  { keys: ['n'], name: 'Next match', run: () => nextMatch(1) },
  { keys: ['N'], name: 'Previous match', run: () => nextMatch(-1) },
  { keys: ['m'], name: 'Set a mark where the pointer is, or take it away', run: addMark },
  { keys: ['t'], name: 'Table of events', run: () => togglePanel('events') },
  { keys: ['v'], name: 'What the host took from guests', run: () => togglePanel('steal') },
  { keys: ['c'], name: 'Clocks', run: () => togglePanel('clocks') },
  { keys: ['i'], name: 'Details of what is selected', run: () => togglePanel('details') },
  { keys: ['l'], name: 'List of tracks', run: () => togglePanel('tracks') },
  { keys: ['?'], name: 'This help', run: () => (page.helpShown.value = !page.helpShown.value) },
  { keys: ['Escape'], name: 'Select nothing, measure nothing', run: clear },
];

export function togglePanel(name: page.PanelName): void {
  page.panel.value = page.panel.value === name ? undefined : name;
}

function clear(): void {
  batch(() => {
    page.helpShown.value = false;
    page.selection.value = undefined;
    page.range.value = undefined;
  });
}

/** Runs what a key stands for; false if it stands for nothing. */
export function runKey(key: string): boolean {
  const command = COMMANDS.find(({ keys }) => keys.includes(key));
  command?.run();
  return command !== undefined;
}
