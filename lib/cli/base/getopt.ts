/** What {@link getopt} found: options in order, then the rest; or the message that getopt(3) prints before the usage. */
export interface GetoptResult {
  readonly options: readonly { readonly flag: string; readonly value: string }[];
  readonly rest: readonly string[];
  /** Set where an option is unknown or lacks its argument; without the program's name. */
  readonly error?: string;
}

/**
 * Splits arguments as getopt(3) of BSD does: options end at the first word that is none, or after `--`.
 *
 * @param argv arguments without the program's name
 * @param letters the option letters, each followed by `:` where it takes an argument
 */
export function getopt(argv: readonly string[], letters: string): GetoptResult {
  const options: { flag: string; value: string }[] = [];
  let index = 0;
  while (index < argv.length) {
    const word = argv[index] ?? "";
    if (word === "--") {
      index++;
      break;
    }
    if (word.length < 2 || word[0] !== "-") break;
    index++;
    for (let at = 1; at < word.length; at++) {
      const flag = word.charAt(at);
      const known = flag === ":" ? -1 : letters.indexOf(flag);
      if (known < 0) return { options, rest: argv.slice(index), error: `illegal option -- ${flag}` };
      if (letters[known + 1] !== ":") {
        options.push({ flag, value: "" });
        continue;
      }
      const attached = word.slice(at + 1);
      const value = attached !== "" ? attached : argv[index++];
      if (value === undefined) return { options, rest: [], error: `option requires an argument -- ${flag}` };
      options.push({ flag, value });
      break;
    }
  }
  return { options, rest: argv.slice(index) };
}
