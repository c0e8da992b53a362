import { signal } from '@preact/signals';

/** Which part of the main pane's rows is visible, in CSS pixels; and how wide tracks are. */
export const shown = signal({ top: 0, height: 0, width: 0 });
