import type { XoOptions, XoStyle } from "./xo-options.js";
import { escapeJson, escapeParameter, escapeXml, layOut, type XoShape, type XoSight } from "./xo-text.js";

interface Frame {
  readonly name: string;
  readonly kind: "container" | "list" | "instance";
  /** Something stands in this frame already: what follows takes a comma. */
  filled: boolean;
}

/**
 * Writes one stream of fields in the style that libxo would, byte for byte: text, XML, JSON, HTML or syslog parameters.
 *
 * Fields are given one after the other; each style takes of them what it shows. The output is held until
 * {@link Xo.finish}.
 */
export class Xo {
  readonly style: XoStyle;
  readonly #sight: XoSight;
  readonly #flags: ReadonlySet<string>;
  readonly #indentBy: number;
  readonly #pretty: boolean;
  readonly #newline: string;
  readonly #warn: (message: string) => void;
  #out: string[] = [];
  #stack: Frame[] = [{ name: "", kind: "container", filled: false }];
  #level = 0;
  #version: string | undefined;
  #topWritten = false;
  #changed = false;
  #lineOpen = false;

  /**
   * @param options what the arguments asked for
   * @param version the version of the program's output format
   * @param warn takes messages about the program's own fields, which `warn` asks for
   * @param bytes the locale's characters are single bytes
   */
  constructor(options: XoOptions, version: string, warn: (message: string) => void, bytes = false) {
    this.style = options.style;
    this.#sight = options.style === "html" ? "html" : bytes ? "bytes" : "text";
    this.#flags = options.flags;
    this.#indentBy = options.indentBy;
    this.#pretty = options.flags.has("pretty");
    this.#newline = this.#pretty ? "\n" : "";
    this.#version = version;
    this.#warn = (message) => {
      if (options.flags.has("warn")) warn(message);
    };
    const root = this.#stack[0];
    if (root && options.flags.has("not-first")) root.filled = true;
  }

  /** Text between fields. */
  text(text: string): void {
    if (this.style === "text") this.#out.push(text);
    else if (this.style === "html") this.#div("text", text);
  }

  /** Blanks, quotes and line ends that only belong to what people read. */
  padding(text: string): void {
    if (this.style === "text") this.#out.push(text);
    else if (this.style === "html") this.#div("padding", text);
  }

  /** The title of a column. */
  title(text: string, shape: XoShape = {}): void {
    if (this.style === "text") this.#out.push(this.#show(text, shape));
    else if (this.style === "html") this.#div("title", this.#show(text, shape));
  }

  /** Ends a line of what people read. */
  endLine(): void {
    if (this.style === "text") this.#out.push("\n");
    if (this.style !== "html") return;
    this.#openLine();
    this.#lineOpen = false;
    this.#out.push(`</div>${this.#newline}`);
  }

  /**
   * A value. A number stays one in JSON, a string is quoted.
   *
   * @param shape how people see it
   * @param encoded how programs get it; as people see it, without a width on the left, where it is not given
   */
  value(name: string, value: string | number, shape: XoShape = {}, encoded?: XoShape): void {
    this.#checkName(name);
    this.#changed = true;
    const text = String(value);
    if (this.style === "text") this.#out.push(this.#show(text, shape));
    else if (this.style === "html") this.#div("data", this.#show(text, shape), name);
    else {
      const laid = encoded ?? (shape.left ? shape : withoutWidth(shape));
      this.#encode(name, this.#formatted(text), typeof value === "string", laid);
    }
  }

  /** What people see of a value that programs get by {@link Xo.encodeOnly}. `tag` is what HTML calls it, if anything. */
  displayOnly(text: string, tag?: string): void {
    this.#checkName(tag);
    this.#changed = true;
    if (this.style === "text") this.#out.push(text);
    else if (this.style === "html") this.#div("data", text, tag);
  }

  /** What programs get and people do not see. */
  encodeOnly(name: string, text: string, quoted: boolean): void {
    this.#checkName(name);
    this.#changed = true;
    if (this.style !== "text" && this.style !== "html") this.#encode(name, text, quoted, {});
  }

  /** A value of the list that is open. */
  item(value: string): void {
    const name = this.#top().name;
    this.#changed = true;
    if (this.style === "text") this.#out.push(value);
    else if (this.style === "html") this.#div("data", value, name);
    else if (this.style === "json") {
      const frame = this.#top();
      const first = !frame.filled;
      const text = `"${escapeJson(this.#formatted(value))}"`;
      this.#out.push(first ? "" : ",", first ? "" : this.#newline, this.#indent(), text);
      frame.filled = true;
    } else this.#encode(name, this.#formatted(value), true, {});
  }

  /** Opens a container of fields. */
  openContainer(name: string): void {
    if (this.style === "xml") this.#openTag(name);
    else if (this.style === "json") this.#openJson(`"${this.#jsonName(name)}": {`);
    this.#push(name, "container", 1);
  }

  /** Opens a list of instances or of plain values. */
  openList(name: string): void {
    if (this.style === "json") this.#openJson(`"${this.#jsonName(name)}": [`);
    this.#push(name, "list", this.style === "json" ? 1 : 0);
  }

  /** Opens one instance of the list that is open. */
  openInstance(name: string): void {
    if (this.style === "xml") this.#openTag(name);
    else if (this.style === "json") this.#openJson("{");
    this.#push(name, "instance", 1);
  }

  /** Closes what was opened last. */
  close(): void {
    const frame = this.#stack.pop();
    if (frame === undefined) return;
    this.#changed = true;
    if (this.style === "xml") {
      if (frame.kind === "list") return;
      this.#level--;
      this.#out.push(`${this.#indent()}</${leader(frame.name)}${frame.name}>${this.#newline}`);
    } else if (this.style === "json") {
      this.#level--;
      const before = frame.kind === "list" && !frame.filled ? "" : this.#newline;
      this.#out.push(before, this.#indent(), frame.kind === "list" ? "]" : "}");
    }
    this.#top().filled = true;
  }

  /** Puts a line between the fields, as warnings in XML are. */
  raw(text: string): void {
    this.#out.push(text);
  }

  /** What was put between the fields, where the program ends before there is any. */
  told(): string {
    return this.#out.join("");
  }

  /** Closes whatever is open and returns all of it. */
  finish(): string {
    while (this.#stack.length > 1) this.close();
    if (this.style === "json" && !this.#flags.has("no-top")) {
      if (this.#topWritten) {
        this.#topWritten = false;
        this.#out.push(`${this.#newline}}\n`);
      } else this.#out.push(this.#changed ? `${this.#newline}}\n` : "{ }\n");
    }
    const text = this.#out.join("");
    this.#out = [];
    return text;
  }

  /** With `columns` libxo counts what it otherwise only passes on. */
  #checked(shape: XoShape): XoShape {
    return this.#flags.has("columns") ? { ...shape, checked: true } : shape;
  }

  /** A value as people see it. */
  #show(text: string, shape: XoShape): string {
    return layOut(text, this.#checked(shape), this.#sight, (plain) => plain, this.#warn);
  }

  /** What programs get of a formatted value: with `info`, which libxo takes for another flag, nothing. */
  #formatted(text: string): string {
    return this.#flags.has("info") ? "" : text;
  }

  #top(): Frame {
    const frame = this.#stack[this.#stack.length - 1];
    if (frame === undefined) throw new Error("nothing is open");
    return frame;
  }

  #push(name: string, kind: Frame["kind"], levels: number): void {
    this.#changed = true;
    this.#stack.push({ name, kind, filled: false });
    this.#level += levels;
  }

  #indent(): string {
    if (!this.#pretty) return "";
    return " ".repeat(Math.max(0, (this.#level + (this.#topWritten ? 1 : 0)) * this.#indentBy));
  }

  #checkName(name: string | undefined): void {
    if (name !== undefined && leader(name) !== "") this.#warn(`invalid XML tag name: '${name}'`);
  }

  #jsonName(name: string): string {
    const escaped = escapeJson(name);
    return this.#flags.has("underscores") ? escaped.replaceAll("-", "_") : escaped;
  }

  #openTag(name: string): void {
    const version = this.#version === undefined ? "" : ` version="${this.#version}"`;
    this.#version = undefined;
    this.#out.push(`${this.#indent()}<${leader(name)}${name}${version}>${this.#newline}`);
  }

  #openJson(text: string): void {
    if (!this.#topWritten && !this.#flags.has("no-top")) {
      this.#out.push(`{${this.#newline}`);
      this.#topWritten = true;
      if (this.#version !== undefined) {
        this.#out.push(`${this.#indent()}"__version": "${this.#version}", ${this.#newline}`);
        this.#version = undefined;
      }
    }
    const frame = this.#top();
    const comma = frame.filled ? (this.#pretty ? ",\n" : ", ") : "";
    frame.filled = true;
    this.#out.push(comma, this.#indent(), text, this.#newline);
  }

  #encode(name: string, text: string, quoted: boolean, shape: XoShape): void {
    if (this.style === "xml") {
      const tag = leader(name) + escapeXml(name);
      this.#out.push(
        this.#indent(),
        `<${tag}>`,
        layOut(text, this.#checked(shape), "encoded", escapeXml, this.#warn),
        `</${tag}>`,
        this.#newline,
      );
    } else if (this.style === "json") {
      const frame = this.#top();
      if (frame.filled) this.#out.push(`,${this.#newline}`);
      frame.filled = true;
      const quote = quoted ? '"' : "";
      const value = layOut(text, this.#checked(shape), "encoded", escapeJson, this.#warn);
      const blank = this.#pretty ? " " : "";
      this.#out.push(this.#indent(), `"${this.#jsonName(name)}":${blank}`, quote, value, quote);
    } else {
      const value = layOut(text, this.#checked(shape), "encoded", escapeParameter, this.#warn);
      this.#out.push(`${escapeParameter(name)}="${value}" `);
    }
  }

  #openLine(): void {
    if (this.#lineOpen) return;
    this.#lineOpen = true;
    this.#out.push(`<div class="line">${this.#newline}`);
  }

  #div(kind: string, text: string, name?: string): void {
    this.#openLine();
    const indent = this.#pretty ? (this.#indentBy > 0 ? " ".repeat(this.#indentBy) : this.#indent()) : "";
    let attributes = `class="${kind}"`;
    if (name !== undefined) {
      attributes += ` data-tag="${escapeXml(name)}"`;
      if (this.#flags.has("xpath")) attributes += ` data-xpath="${this.#path()}/${escapeXml(name)}"`;
    }
    this.#out.push(`${indent}<div ${attributes}>${escapeXml(text)}</div>${this.#newline}`);
  }

  #path(): string {
    const frames = this.#stack.filter((frame, index) => index > 0 && frame.kind !== "list");
    return frames.map((frame) => `/${escapeXml(frame.name)}`).join("");
  }
}

function withoutWidth(shape: XoShape): XoShape {
  return shape.size === undefined ? {} : { size: shape.size };
}

/** XML names begin with a letter or an underscore; libxo mends the others so. */
function leader(name: string): string {
  return /^[A-Za-z_]/.test(name) || name === "" ? "" : "_";
}
