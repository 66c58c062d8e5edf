/** Words that stand before a command. */
const BEFORE_COMMAND = new Set([
  "if",
  "then",
  "else",
  "elif",
  "do",
  "while",
  "until",
  "!",
  "time",
  "exec",
  "{",
  "command",
]);
const ASSIGNMENT = /^[A-Za-z_][A-Za-z0-9_]*=/;

interface Word {
  readonly text: string;
  /** It is written without quotes and escapes. */
  readonly plain: boolean;
}

/** A command of a shell text: its words without quotes, assignments before it left out. */
export interface ShellCommand {
  readonly words: readonly string[];
}

const OPERATOR = /^(?:&&|\|\||;;|[|;&\n()])/;
const REDIRECTION = /^[0-9]*(?:>>|>&|<&|<<-?|<>|>\||[<>])/;

/**
 * The commands of a shell text, as far as they can be told without running it. Those inside of `$(…)` and of quoted
 * texts for `sh -c` are among them.
 */
export function shellCommands(text: string): ShellCommand[] {
  const commands: ShellCommand[] = [];
  let words: Word[] = [];
  let skipNext = false;
  const finish = (): void => {
    let at = 0;
    while (at < words.length) {
      const { text: word, plain } = words[at] as Word;
      if (!(plain && BEFORE_COMMAND.has(word)) && !ASSIGNMENT.test(word)) break;
      at++;
    }
    const own = words.slice(at).map((word) => word.text);
    words = [];
    if (own.length === 0) return;
    commands.push({ words: own });
    const flag = own.indexOf("-c");
    if (/(^|\/)sh$/.test(own[0] ?? "") && flag > 0) commands.push(...shellCommands(own[flag + 1] ?? ""));
  };
  let rest = text;
  while (rest !== "") {
    const blank = /^(?:[ \t]+|\\\n)/.exec(rest)?.[0];
    if (blank !== undefined) {
      rest = rest.slice(blank.length);
      continue;
    }
    const redirection = REDIRECTION.exec(rest)?.[0];
    if (redirection !== undefined) {
      rest = rest.slice(redirection.length);
      skipNext = true;
      continue;
    }
    const operator = OPERATOR.exec(rest)?.[0];
    if (operator !== undefined) {
      finish();
      rest = rest.slice(operator.length);
      continue;
    }
    const { word, length, inner } = readWord(rest);
    rest = rest.slice(length);
    for (const each of inner) commands.push(...shellCommands(each));
    if (!skipNext) words.push(word);
    skipNext = false;
  }
  finish();
  return commands;
}

function readWord(text: string): { readonly word: Word; readonly length: number; readonly inner: readonly string[] } {
  let value = "";
  let plain = true;
  const inner: string[] = [];
  let at = 0;
  while (at < text.length) {
    const character = text.charAt(at);
    if (/[ \t\n;&|()<>]/.test(character)) break;
    if (character === "'") {
      const end = closing(text, at + 1, "'");
      value += text.slice(at + 1, end);
      at = end + 1;
      plain = false;
    } else if (character === '"') {
      const end = closing(text, at + 1, '"');
      value += text.slice(at + 1, end).replace(/\\([\\"$`\n])/g, "$1");
      at = end + 1;
      plain = false;
    } else if (character === "\\") {
      value += text.charAt(at + 1);
      at += 2;
      plain = false;
    } else if (text.startsWith("$(", at)) {
      const end = parenthesis(text, at + 2);
      inner.push(text.slice(at + 2, end));
      value += text.slice(at, end + 1);
      at = end + 1;
      plain = false;
    } else {
      value += character;
      at++;
    }
  }
  return { word: { text: value, plain }, length: Math.max(at, 1), inner };
}

function closing(text: string, from: number, mark: string): number {
  for (let at = from; at < text.length; at++) {
    if (mark === '"' && text[at] === "\\") at++;
    else if (text[at] === mark) return at;
  }
  return text.length;
}

function parenthesis(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "(") depth++;
    if (text[at] === ")" && --depth === 0) return at;
  }
  return text.length;
}

/** The words of a text that is one plain command, with variables set before it; undefined where it takes a shell. */
export function plainCommand(
  text: string,
): { readonly words: readonly string[]; readonly variables: Readonly<Record<string, string>> } | undefined {
  const words: string[] = [];
  const variables: Record<string, string> = {};
  let rest = text.trim();
  if (rest.includes("`")) return undefined;
  while (rest !== "") {
    const { word, length, inner } = readWord(rest);
    const written = rest.slice(0, length);
    const bare = written.replace(/'[^']*'/g, "");
    if (inner.length > 0 || /[$;&|()<>*?[\]~#\n]/.test(bare.replace(/"(?:[^"\\]|\\.)*"/g, "")) || bare.includes("$")) {
      return undefined;
    }
    if (word.text === "" && written === rest.charAt(0) && !/['"]/.test(written)) return undefined;
    const equals = word.text.indexOf("=");
    if (words.length === 0 && ASSIGNMENT.test(written))
      variables[word.text.slice(0, equals)] = word.text.slice(equals + 1);
    else words.push(word.text);
    rest = rest.slice(length).replace(/^[ \t]+/, "");
  }
  return words.length === 0 ? undefined : { words, variables };
}
