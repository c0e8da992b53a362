import { openTimeline, type TraceFile } from '../../src/index.ts';

/** Reads all events of a file; damage is an error. */
export async function eventCount(file: TraceFile): Promise<number> {
  const timeline = openTimeline([file]);
  let count = 0;
  await timeline.fill();
  while (!timeline.ended) {
    while (timeline.next()) count++;
    await timeline.fill();
  }
  return count;
}
