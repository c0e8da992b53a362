/** What Node adds to the library: files as sources, its own codecs, and output with back pressure. */
export { nodeCodecs } from './codecs.ts';
export { openFile } from './file-source.ts';
export { descriptorSink, stdoutSink } from './stdout.ts';
