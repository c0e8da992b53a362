/** Where text goes: a file descriptor, a stream, an array in a test. */
export interface ByteSink {
  /**
   * Takes bytes in order. Resolves when they have been handed on, so that the caller may overwrite them: to true,
   * or to false when nobody reads any more (a closed pipe) and more would be in vain.
   * Rejects with a TandemError (code IO) when writing fails. One call at a time.
   */
  write(bytes: Uint8Array): Promise<boolean>;
}
