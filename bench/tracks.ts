/*
 * Fills all tracks of some files, as the viewer's worker does, and takes chunks every 100 000 events: node tracks.js FILES.
 */

import { basename } from 'node:path';
import { nodeCodecs, openFile } from '../src/node/index.ts';
import { loadReportFile } from '../src/text/report/report-file.ts';
import { openTrace } from '../src/trace-file/open.ts';
import { layoutOf } from '../src/tracks/layout.ts';
import { TrackBuilder } from '../src/tracks/track-builder.ts';

const files = await Promise.all(
  process.argv.slice(2).map(async (name) => {
    const trace = await openTrace(await openFile(name), nodeCodecs);
    return loadReportFile(trace, basename(name), '3.4');
  }),
);
const builder = new TrackBuilder(files, await layoutOf(files, { clock: 'corrected' }));
const taken = builder.plan.layout.tracks.map(() => 0);
const take = (): void => {
  for (const { track, columns } of builder.takeChunks()) {
    taken[track] = (taken[track] as number) + ('times' in columns ? columns.times : columns.starts).length;
  }
};
while (!builder.ended) {
  await builder.fill();
  while (builder.step(100_000)) take();
}
take();
for (const [place, track] of builder.plan.layout.tracks.entries()) console.log(JSON.stringify(track), taken[place]);
console.log(builder.events, 'events', builder.until, builder.warnings, builder.plan.layout.machines);
