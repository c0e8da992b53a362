import { signal } from '@preact/signals';

/** The row that was gone to last: its pane scrolls there. A new object each time. */
export const sought = signal<{ readonly key: string } | undefined>(undefined);
