import { ByteBuilder } from './byte-builder.ts';

/** Writes BTF, type by type; each method returns the new type's number. */
export class BtfBuilder {
  readonly #types = new ByteBuilder(true);
  readonly #strings = new ByteBuilder(true).u8(0);
  #count = 0;

  #name(text: string): number {
    const offset = this.#strings.length;
    if (text === '') return 0;
    this.#strings.cString(text);
    return offset;
  }

  type(name: string, kind: number, sizeOrType: number, trailer: readonly number[] = [], members = 0): number {
    this.#types
      .u32(this.#name(name))
      .u32(kind * 2 ** 24 + members)
      .u32(sizeOrType);
    for (const word of trailer) this.#types.u32(word);
    return ++this.#count;
  }

  int(name: string, bits: number, signed = false): number {
    return this.type(name, 1, Math.ceil(bits / 8), [(signed ? 2 ** 24 : 0) + bits]);
  }

  func(name: string, parameters: readonly (readonly [name: string, type: number])[]): void {
    const words = parameters.flatMap(([parameter, type]) => [this.#name(parameter), type]);
    this.type(name, 12, this.type('', 13, 0, words, parameters.length), [], 1);
  }

  take(): Uint8Array {
    const [types, strings] = [this.#types.take(), this.#strings.take()];
    const out = new ByteBuilder(true).u16(0xeb9f).u8(1).u8(0).u32(24);
    out.u32(0).u32(types.length).u32(types.length).u32(strings.length);
    return out.bytes(types).bytes(strings).take();
  }
}
