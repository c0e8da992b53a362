import type { ByteSource } from '../../../src/base/byte-source.ts';
import type { ReportFile } from '../../../src/text/report/report-file.ts';
import type { TrackPlan } from '../../../src/tracks/layout.ts';

/** Counts what is read of files' events. */
export class ReadBytes {
  /** Bytes of events as stored. */
  readonly total: number;
  /** The files, read through the counter. */
  readonly files: readonly ReportFile[];
  #read = 0;

  constructor(files: readonly ReportFile[], { lanes }: TrackPlan) {
    this.total = lanes.reduce((sum, { buffer, cpu }) => {
      return sum + (buffer.cpus.find((data) => data.cpu === cpu)?.size ?? 0);
    }, 0);
    this.files = files.map((file) => ({
      ...file,
      trace: { ...file.trace, source: this.#counted(file.trace.source) },
    }));
  }

  get read(): number {
    return Math.min(this.#read, this.total);
  }

  #counted(source: ByteSource): ByteSource {
    return {
      ...source,
      read: (offset, length) => {
        this.#read += length;
        return source.read(offset, length);
      },
      readInto: (target, offset) => {
        this.#read += target.length;
        return source.readInto(target, offset);
      },
    };
  }
}
