import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesToText, latin1ToText, textToBytes, textToLatin1 } from "../../lib/bytes-text.js";

describe("bytes as text", () => {
  it("come back as they were, whatever they are", () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 6 }),
      fc.string({ unit: "binary", maxLength: 4 }).map((text) => Buffer.from(text)),
      fc.constantFrom([0xef, 0xbf, 0xbd], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf0, 0x9f]),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const bytes = Buffer.concat(pieces.map((each) => Buffer.from(each)));
        expect(textToBytes(bytesToText(bytes)).equals(bytes)).toBe(true);
        expect(textToLatin1(latin1ToText(bytes.toString("latin1")))).toBe(bytes.toString("latin1"));
      }),
      { numRuns: 2000 },
    );
  });

  it("are UTF-8 where they can be", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(bytesToText(Buffer.from(text))).toBe(text);
        expect(textToBytes(text)).toEqual(Buffer.from(text));
      }),
    );
    expect(bytesToText(Buffer.from([0x61, 0xff, 0xc3, 0xa9, 0xc3]))).toBe("a\udcffé\udcc3");
  });
});
