/** One field of an event, as a `format` file declares it. */
export interface Field {
  readonly name: string;
  /** The declared type, without the name and the array length: `unsigned int`, `__data_loc char[]`. */
  readonly type: string;
  /** Bytes from the start of the record. */
  readonly offset: number;
  /** Bytes in the record; 4 for a dynamic array's locator; 0 means the rest of the record. */
  readonly size: number;
  readonly signed: boolean;
  readonly isArray: boolean;
  readonly isPointer: boolean;
  /** `__data_loc` or `__rel_loc`: the record holds a locator, the bytes are elsewhere in it. */
  readonly isDynamic: boolean;
  /** `__rel_loc`: the locator counts from the end of the field itself. */
  readonly isRelative: boolean;
  /** An array of char, u8 or s8: text. */
  readonly isString: boolean;
  readonly isLong: boolean;
  /** True when the declaration is a "field special" one. */
  readonly isSpecial: boolean;
  readonly arrayLength: number;
  /** Bytes of one element of an array; `size` otherwise. */
  readonly elementSize: number;
}
