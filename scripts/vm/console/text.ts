/** Terminal output as plain text. */
import { StringDecoder } from "node:string_decoder";

/** Control sequences of ECMA-48, the two-byte ones too. */
const SEQUENCE = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[ -/]*[0-Z\\^-~])/g;
/** What may become one when more arrives. */
const BEGUN = /\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]{0,200}|[ -/]*)?$/;

/** Takes pieces of terminal output and gives plain text: no control sequences, no carriage returns before newlines. */
export class PlainText {
  readonly #decoder = new StringDecoder("utf8");
  #held = "";

  push(bytes: Uint8Array): string {
    let text = this.#held + this.#decoder.write(Buffer.from(bytes));
    this.#held = "";
    const begun = /\r+$/.exec(text) ?? BEGUN.exec(text);
    if (begun !== null && begun.index >= 0 && begun[0] !== "") {
      this.#held = text.slice(begun.index);
      text = text.slice(0, begun.index);
    }
    return text
      .replace(SEQUENCE, "")
      .replace(/\r+\n/g, "\n")
      .replace(/[\0\x07\x0e\x0f]/g, "");
  }
}
