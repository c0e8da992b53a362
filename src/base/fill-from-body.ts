/** What of a body is taken at a time: more than browsers have of it at once. */
const PIECE_BYTES = 1 << 19;

/** Gives a piece, valid until the next one is asked for; undefined at the end. */
type NextPiece = () => Promise<Uint8Array | undefined>;

/**
 * Copies bodies of answers to where they are wanted. Where streams can, what arrives goes through memory that is used
 * over and over: gathered in new memory first, a body takes browsers longer to keep than to get.
 */
export class BodyFiller {
  readonly #spare: ArrayBuffer[] = [];

  /** Fills memory from its start. How many bytes came, at most its length. Rejects where the stream fails. */
  async fill(target: Uint8Array, body: ReadableStream<Uint8Array>): Promise<number> {
    const next = this.#pieces(body);
    let at = 0;
    for (;;) {
      const piece = await next();
      if (piece === undefined) return at;
      target.set(piece.subarray(0, target.length - at), at);
      at = Math.min(target.length, at + piece.length);
    }
  }

  #pieces(body: ReadableStream<Uint8Array>): NextPiece {
    const bytes = byteReader(body);
    if (bytes === undefined) {
      const plain = body.getReader();
      return async () => (await plain.read()).value;
    }
    let memory = this.#spare.pop() ?? new ArrayBuffer(PIECE_BYTES);
    return async () => {
      const { done, value } = await bytes.read(new Uint8Array(memory));
      if (value !== undefined) memory = value.buffer;
      if (!done) return value;
      this.#spare.push(memory);
      return undefined;
    };
  }
}

/** Undefined where it is a stream of pieces that are made elsewhere. */
function byteReader(body: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | undefined {
  try {
    return body.getReader({ mode: 'byob' });
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
