import { COMMON_OPTIONS, parseArguments } from "./args.js";
import { reportFailure, STATUS_OK, usageFailure } from "./failure.js";
import type { CliIo } from "./io.js";
import { MANUALS, manualOf } from "./manual/manual.js";
import type { CommandManual, OperandKind, OptionManual } from "./manual/model.js";
import { suggestion } from "./words.js";

const SHELLS = ["sh", "bash", "zsh", "fish"];

const BASH = `_bsdjail() {
    local IFS=$'\\n'
    COMPREPLY=($(bsdjail completion --words "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
    if [ "\${COMPREPLY[0]}" = "--files" ]; then
        COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
    fi
    case "\${COMPREPLY[0]}" in
    *=) compopt -o nospace ;;
    esac
}
complete -F _bsdjail bsdjail
`;

const ZSH = `_bsdjail() {
    local -a found
    found=(\${(f)"$(bsdjail completion --words "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
    if [[ "\${found[1]}" = --files ]]; then
        _files
    else
        compadd -S '' -- \${(M)found:#*=}
        compadd -- \${found:#*=}
    fi
}
compdef _bsdjail bsdjail
`;

const FISH = `function __bsdjail_words
    set -l tokens (commandline -opc) (commandline -ct)
    set -l found (bsdjail completion --words $tokens[2..-1] 2>/dev/null)
    if test "$found[1]" = --files
        __fish_complete_path (commandline -ct)
    else
        printf '%s\\n' $found
    end
end
complete -c bsdjail -f -a '(__bsdjail_words)'
`;

/** For a start-up file that several shells read: each takes its own part; ksh completes the first word from a list. */
function shScript(): string {
  const names = MANUALS.map((manual) => manual.name).join(" ");
  const indented = (text: string): string => text.replace(/^(?=.)/gm, "    ");
  return [
    'if [ -n "$BASH_VERSION" ]; then',
    `    eval "$(bsdjail completion bash)"`,
    'elif [ -n "$ZSH_VERSION" ]; then',
    `    eval "$(bsdjail completion zsh)"`,
    'elif [ -n "$KSH_VERSION" ]; then',
    indented(`set -A complete_bsdjail_1 -- ${names}`),
    "fi",
    "",
  ].join("\n");
}

/** The option whose value the last word is, where the word before it is one that takes a value. */
function optionBefore(manual: CommandManual, word: string | undefined): OptionManual | undefined {
  if (word === undefined || !word.startsWith("-")) return undefined;
  return manual.options.find((option) => option.value !== undefined && option.flags.split(", ").includes(word));
}

function operandKind(manual: CommandManual, words: readonly string[]): OperandKind {
  let count = 0;
  for (let at = 0; at < words.length; at++) {
    if (optionBefore(manual, words[at - 1]) !== undefined || words[at]?.startsWith("-")) continue;
    count++;
  }
  return manual.operands[Math.min(count, manual.operands.length - 1)] ?? "word";
}

async function candidates(kind: OperandKind, io: CliIo): Promise<string[]> {
  if (kind === "command") return MANUALS.map((manual) => manual.name);
  if (kind === "shell") return SHELLS;
  if (kind === "file") return ["--files"];
  if (kind === "word") return [];
  const { completionNames } = await import("./verbs/names.js");
  return completionNames(kind, io);
}

/**
 * Words that may stand where the last of `words` stands.
 *
 * @param words what follows `bsdjail` on the line, up to and with the word that is being completed
 */
export async function completeWords(words: readonly string[], io: CliIo): Promise<string[]> {
  const last = words.at(-1) ?? "";
  const [name = ""] = words;
  const matching = (found: readonly string[]): string[] =>
    found.filter((word) => word.startsWith(last) || word === "--files");
  if (words.length <= 1) return matching(MANUALS.map((manual) => manual.name));
  const manual = manualOf(name);
  if (manual === undefined) return [];
  const before = words.slice(1, -1);
  const option = optionBefore(manual, before.at(-1));
  if (option === undefined && last.startsWith("-")) {
    return matching(manual.options.flatMap((each) => each.flags.split(", ")));
  }
  const kind = option === undefined ? operandKind(manual, before) : (option.kind ?? "word");
  // What stands before the last comma of a list is kept.
  const comma = option?.kind === "parameter" ? last.lastIndexOf(",") + 1 : 0;
  const found = await candidates(kind, io);
  return matching(found.map((word) => last.slice(0, comma) + word));
}

/** `bsdjail completion SHELL`: a script that asks this command for each word. */
export async function completionCommand(argv: string[], io: CliIo): Promise<number> {
  if (argv[0] === "--words") {
    for (const word of await completeWords(argv.slice(1), io).catch(() => [])) io.stdout.write(`${word}\n`);
    return STATUS_OK;
  }
  try {
    const { operands } = parseArguments(argv, COMMON_OPTIONS);
    const [shell = "", ...more] = operands;
    if (more.length > 0 || shell === "") throw usageFailure("one shell, please", `One of ${SHELLS.join(", ")}.`);
    if (!SHELLS.includes(shell)) throw usageFailure(`unknown shell "${shell}"${suggestion(shell, SHELLS)}`);
    io.stdout.write(shell === "bash" ? BASH : shell === "zsh" ? ZSH : shell === "fish" ? FISH : shScript());
    return STATUS_OK;
  } catch (thrown) {
    return reportFailure(io, "completion", thrown, false);
  }
}
