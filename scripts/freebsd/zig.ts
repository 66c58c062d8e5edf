/** Finds zig, which carries FreeBSD's headers and library stubs for every release and processor. */
import { spawnSync } from "node:child_process";

/** zig's argv: `ZIG` in the environment, `zig` on the path, or Python's ziglang package. */
export function findZig(env: NodeJS.ProcessEnv = process.env): string[] {
  const candidates = [...(env.ZIG ? [[env.ZIG]] : []), ["zig"], ["python3", "-m", "ziglang"]];
  for (const candidate of candidates) {
    const [file, ...args] = candidate as [string, ...string[]];
    if (spawnSync(file, [...args, "version"], { env, stdio: "ignore" }).status === 0) return candidate;
  }
  throw new Error(
    `zig was not found (tried ${candidates.map((argv) => argv.join(" ")).join(", ")}): ` +
      "`pip install ziglang`, or name it by ZIG in the environment",
  );
}
