/*
 * How many events a file has, by the library: node count.js FILE. What `trace-cmd report` needs a filter for that
 * keeps nothing.
 */

import { nodeCodecs, openFile } from '../src/node/index.ts';
import { openTimeline } from '../src/timeline/open-timeline.ts';
import { openTrace } from '../src/trace-file/open.ts';

const trace = await openTrace(await openFile(process.argv[2] ?? ''), nodeCodecs);
console.log(await openTimeline([trace]).count());
