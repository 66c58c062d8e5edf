import type { CliIo } from "../../io.js";
import { writeText } from "../../output.js";
import type { BaseJail } from "./model.js";

/** A text as jail(8) quotes it: where it is empty or has a blank or a quote in it. */
export function quote(text: string): string {
  if (text !== "" && !/[\\"' \t]/.test(text)) return text;
  const mark = text === "" || text.includes("'") ? '"' : text.includes('"') ? "'" : /[ \t]/.test(text) ? '"' : "";
  const escaped = text.replace(/[\\"']/g, (character) =>
    character === "\\" || character === mark ? `\\${character}` : character,
  );
  return mark + escaped + mark;
}

/** jail(8)'s messages. */
export class Messages {
  readonly verbose: -1 | 0 | 1;
  readonly #io: CliIo;

  constructor(io: CliIo, verbose: -1 | 0 | 1) {
    this.#io = io;
    this.verbose = verbose;
  }

  /** Something that was done, on standard output. */
  note(jail: BaseJail, text: string): void {
    this.print(jail.name === undefined ? text : `${jail.name}: ${text}`);
  }

  print(text: string): void {
    writeText(this.#io.stdout, text);
  }

  /** Something wrong with a jail. */
  warn(jail: BaseJail, text: string): void {
    this.complain(jail.name === undefined ? text : `${jail.name}: ${text}`);
  }

  complain(text: string): void {
    writeText(this.#io.stderr, `jail: ${text}\n`);
  }

  /** Something wrong with a jail that is named in quotes, where it has a name or a jid. */
  warnQuoted(jail: BaseJail, text: string, nameless: string): void {
    const label = jail.name ?? jail.text("jid") ?? jail.text("name");
    this.complain(label === undefined ? nameless : `"${label}" ${text}`);
  }
}

/** The line of a jid file: what was started, by name or, in the old form, by place. */
export function jidLine(jail: BaseJail, old: boolean): string {
  const list = (values: readonly string[] | undefined, separator: string): string =>
    (values ?? []).map(quote).join(separator);
  if (old) {
    const four = jail.find("ip4.addr")?.values ?? [];
    const six = jail.find("ip6.addr")?.values ?? [];
    const words = [
      String(jail.jid),
      list(jail.find("path")?.values, ","),
      list(jail.find("host.hostname")?.values, ","),
      list([...four, ...six], ","),
      list(jail.find("command")?.values, " "),
    ];
    return `${words.join("\t")}\n`;
  }
  const rest = jail.parameters.filter(({ name, implied }) => name !== "jid" && implied !== true);
  const words = rest.map(({ name, values }) => (values.length === 0 ? name : `${name}=${list(values, ",")}`));
  return `${[`jid=${jail.jid}`, ...words].join("\t")}\n`;
}
