import type { TrackNames } from './types.ts';

/** A growing list of different names. */
export class NameList {
  readonly names: string[] = [];
  readonly #places = new Map<string, number>();

  placeOf(name: string): number {
    let place = this.#places.get(name);
    if (place === undefined) {
      place = this.names.push(name) - 1;
      this.#places.set(name, place);
    }
    return place;
  }
}

const FIRST_OWN_KEY = -2;

/** Interrupts' names; those of one key never nest in each other. */
export class InterruptNames {
  readonly #list = new NameList();
  /** By place. */
  readonly keys: number[] = [];

  /** `key`: -1 or greater; without it, the name gets one of its own, the same for all machines. */
  placeOf(name: string, key?: number): number {
    const place = this.#list.placeOf(name);
    this.keys[place] = key ?? FIRST_OWN_KEY - place;
    return place;
  }

  get names(): readonly string[] {
    return this.#list.names;
  }
}

/** The names that all columns share. */
export class Names {
  readonly exits = new NameList();
  readonly interrupts = new InterruptNames();
  readonly functions = new NameList();

  /** How many there are: grows with each. */
  get count(): number {
    return this.exits.names.length + this.interrupts.names.length + this.functions.names.length;
  }

  copy(): TrackNames {
    return {
      exits: [...this.exits.names],
      interrupts: [...this.interrupts.names],
      functions: [...this.functions.names],
    };
  }
}
