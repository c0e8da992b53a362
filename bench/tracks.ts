/*
 * Fills all tracks of some files, as the viewer's worker does, and takes chunks every 100 000 events: node tracks.js FILES.
 */

import { basename } from 'node:path';
import { nodeCodecs, openFile } from '../src/node/index.ts';
import { loadReportFile } from '../src/text/report/report-file.ts';
import { openTrace } from '../src/trace-file/open.ts';
import { layoutOf } from '../src/tracks/layout.ts';
import { guestStories } from '../src/tracks/stories.ts';
import { TrackBuilder } from '../src/tracks/track-builder.ts';

const files = await Promise.all(
  process.argv.slice(2).map(async (name) => {
    const trace = await openTrace(await openFile(name), nodeCodecs);
    return loadReportFile(trace, basename(name), '3.4');
  }),
);
const builder = new TrackBuilder(files, await layoutOf(files, { clock: 'corrected' }));
let slices = 0;
const take = (): void => {
  for (const { columns } of builder.takeChunks()) if ('starts' in columns) slices += columns.starts.length;
};
while (!builder.ended) {
  await builder.fill();
  while (builder.step(100_000)) take();
}
take();
console.log(`${builder.events} events, ${slices} slices, ${guestStories(builder).length} guests`);
