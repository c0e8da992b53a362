/** Formats are parsed as texts with one character per byte, so that bytes that are no ASCII pass unchanged. */

export function charactersOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

export const bytesOf = (characters: string): Uint8Array => Uint8Array.from(characters, (c) => c.charCodeAt(0));
