import type { EventRecord } from '../../format/record.ts';

/** How many events the kernel lost, as far as it says so. */
export class LostEvents {
  /** Lost events that were counted. */
  known = 0;
  /** Places where events were lost that nobody counted. */
  uncounted = 0;

  add(record: EventRecord): void {
    if (record.missed > 0) this.known += record.missed;
    else this.uncounted++;
  }

  /** One line for people; undefined if nothing was lost. */
  summary(): string | undefined {
    const places = this.uncounted === 1 ? 'one place' : `${this.uncounted} places`;
    if (this.known === 0) {
      return this.uncounted === 0 ? undefined : `events were lost in ${places} of the recording, nobody knows how many`;
    }
    const counted = `${this.known} ${this.known === 1 ? 'event was' : 'events were'} lost while recording`;
    return this.uncounted === 0 ? counted : `${counted}, and more, uncounted, in ${places}`;
  }
}
