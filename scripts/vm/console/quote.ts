/** A word as sh(1) reads it back. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A command for sh(1) that runs an argument vector in a folder with variables. */
export function commandLine(argv: readonly string[], env: Readonly<Record<string, string>> = {}, cwd?: string): string {
  const variables = Object.entries(env).map(([name, value]) => quoted(`${name}=${value}`));
  const words = [...(variables.length > 0 ? ["env", ...variables] : []), ...argv.map(quoted)];
  return cwd === undefined ? words.join(" ") : `cd ${quoted(cwd)} && ${words.join(" ")}`;
}
