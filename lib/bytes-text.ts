/**
 * Text of bytes that need not be UTF-8, and back without a loss: names, values and files are bytes to a kernel and to the
 * base system. A byte that is part of no UTF-8 sequence stands as a lone surrogate, U+DC80 to U+DCFF.
 */

const STRAY = /[\udc80-\udcff]/;
const SEQUENCE =
  /[\x00-\x7f]+|[\xc2-\xdf][\x80-\xbf]|(?:\xe0[\xa0-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]|\xed[\x80-\x9f])[\x80-\xbf]|(?:\xf0[\x90-\xbf]|[\xf1-\xf3][\x80-\xbf]|\xf4[\x80-\x8f])[\x80-\xbf]{2}|[\s\S]/g;

/** The text that bytes are. */
export function bytesToText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString("utf8");
  return text.includes("\ufffd") ? latin1ToText(buffer.toString("latin1")) : text;
}

/** The bytes that a text stands for. */
export function textToBytes(text: string): Buffer {
  return STRAY.test(text) ? Buffer.from(textToLatin1(text), "latin1") : Buffer.from(text);
}

/** The text of bytes that are given as a character each. */
export function latin1ToText(bytes: string): string {
  if (!/[\x80-\xff]/.test(bytes)) return bytes;
  return bytes.replace(SEQUENCE, (part) => {
    if (part.length === 1 && part > "\x7f") return String.fromCharCode(0xdc00 + part.charCodeAt(0));
    return part > "\x7f" ? Buffer.from(part, "latin1").toString("utf8") : part;
  });
}

/** The bytes that a text stands for, as a character each. */
export function textToLatin1(text: string): string {
  if (!STRAY.test(text)) return Buffer.from(text).toString("latin1");
  let bytes = "";
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    const stray = code >= 0xdc80 && code <= 0xdcff;
    bytes += stray ? String.fromCharCode(code - 0xdc00) : Buffer.from(character).toString("latin1");
  }
  return bytes;
}
