/** A small Linux for the harness to start: a kernel of Debian's, and an initramfs made here of busybox and a few modules. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runTool } from "../../scripts/vm/tool.js";

const ROOT = join(__dirname, "../..");

/** What the guest is made of on this machine. */
export interface Parts {
  readonly kernel: string;
  readonly modules: string;
  readonly busybox: string;
}

function newest(folder: string, start: string): string | undefined {
  if (!existsSync(folder)) return undefined;
  const names = readdirSync(folder).filter((name) => name.startsWith(start));
  return names.length === 0 ? undefined : join(folder, names.sort().at(-1) as string);
}

/** A busybox that needs no libraries. */
function staticBusybox(): string | undefined {
  const { BSDJAIL_VM_LINUX: given = "/" } = process.env;
  const found = [join(given, "bin/busybox"), join(given, "usr/bin/busybox"), "/bin/busybox", "/usr/bin/busybox"];
  return found.find((path) => existsSync(path) && !readFileSync(path).includes("/ld-linux"));
}

/**
 * The parts, or why there is no guest. The kernel is looked for below BSDJAIL_VM_LINUX, where a package was unpacked, and
 * in this system itself.
 */
export function findParts(): Parts | string {
  if (spawnSync("qemu-system-x86_64", ["--version"]).status !== 0) return "qemu-system-x86_64 is not installed";
  const busybox = staticBusybox();
  if (busybox === undefined) return "no static busybox was found (Debian: busybox-static)";
  for (const place of [process.env.BSDJAIL_VM_LINUX, "/"]) {
    if (place === undefined) continue;
    const kernel = newest(join(place, "boot"), "vmlinuz-");
    const version = kernel?.replace(/^.*\/vmlinuz-/, "") ?? "";
    const modules = [join(place, "lib/modules", version), join(place, "usr/lib/modules", version)].find(existsSync);
    if (kernel !== undefined && modules !== undefined) return { kernel, modules, busybox };
  }
  return "no Linux kernel with its modules was found (BSDJAIL_VM_LINUX names a folder with boot/ and lib/modules/)";
}

/** One entry of a cpio archive in the form that the kernel reads. */
function entry(number: number, name: string, mode: number, data: Buffer, device: readonly [number, number]): Buffer {
  const fields = [number, mode, 0, 0, 1, 0, data.length, 0, 0, ...device, name.length + 1, 0];
  const head = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}${name}\0`;
  const pad = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
  return Buffer.concat([pad(Buffer.from(head)), pad(data)]);
}

function cpio(files: Readonly<Record<string, Buffer | string | "folder">>): Buffer {
  let number = 0;
  const entries = Object.entries(files).map(([name, content]) => {
    if (content === "folder") return entry(++number, name, 0o040755, Buffer.alloc(0), [0, 0]);
    return entry(++number, name, 0o100755, Buffer.from(content as string), [0, 0]);
  });
  const console = entry(++number, "dev/console", 0o020600, Buffer.alloc(0), [5, 1]);
  return Buffer.concat([...entries, console, entry(0, "TRAILER!!!", 0, Buffer.alloc(0), [0, 0])]);
}

/** The names of the modules that a module needs, as it says itself. */
function dependencies(module: Buffer): readonly string[] {
  const text = /\0depends=([^\0]*)\0/.exec(module.toString("latin1"))?.[1] ?? "";
  return text === "" ? [] : text.split(",");
}

/** Modules in the order in which they are to be loaded. Those that are built in, or packed, are not among them. */
function moduleFiles(folder: string, wanted: readonly string[]): Record<string, Buffer> {
  const all = readdirSync(join(folder, "kernel"), { recursive: true, encoding: "utf8" });
  const found: Record<string, Buffer> = {};
  const add = (name: string) => {
    const file = all.find((path) => path.replaceAll("-", "_").endsWith(`/${name.replaceAll("-", "_")}.ko`));
    if (file === undefined || Object.keys(found).some((each) => each.endsWith(`-${name}.ko`))) return;
    const bytes = readFileSync(join(folder, "kernel", file));
    for (const each of dependencies(bytes)) add(each);
    found[`modules/${String(Object.keys(found).length).padStart(2, "0")}-${name}.ko`] = bytes;
  };
  for (const name of wanted) add(name);
  return found;
}

const INIT = `#!/bin/busybox sh
/bin/busybox mkdir -p /sbin /usr/bin /usr/sbin /proc /sys /dev /tmp /root
/bin/busybox --install -s
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
for m in /modules/*.ko; do insmod $m; done
exec setsid cttyhack sh
`;

const HANGS = "#!/bin/busybox sh\n/bin/busybox echo half way up\nwhile :; do /bin/busybox sleep 1000; done\n";

/** Writes the initramfs. Its init gives a shell on the console; `/hangs` is one that stands still. */
export function makeInitramfs({ modules, busybox }: Parts, file: string): void {
  const files = {
    ...{ bin: "folder", dev: "folder", proc: "folder", sys: "folder", modules: "folder" },
    ...{ "bin/busybox": readFileSync(busybox), init: INIT, hangs: HANGS },
    ...moduleFiles(modules, ["virtio_pci", "virtio_blk"]),
  };
  writeFileSync(file, cpio(files as Record<string, Buffer | string>));
}

/** How one run of the tool ended. */
export interface ToolRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A place to run the tool in: its cache, its results, its guest. */
export class Place {
  readonly folder = mkdtempSync(join(tmpdir(), "bsdjail-vmguest-"));
  readonly cache = join(this.folder, "cache");
  readonly initrd = join(this.folder, "initrd");
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    makeInitramfs(parts, this.initrd);
  }

  /** The options that name the guest. `append` is added to the kernel's command line. */
  guest(append = ""): string[] {
    // The timer's check fails under emulation on a busy machine; a panic is to end QEMU at once.
    const line = `console=ttyS0 no_timer_check nokaslr quiet loglevel=1 panic=-1 ${append}`;
    const machine = ["--accel", "tcg", "--memory", "256", "--cpus", "1", "--no-network"];
    return ["--kernel", this.#parts.kernel, "--initrd", this.initrd, "--append", line, ...machine];
  }

  /** Starts the tool. */
  start(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const tsx = join(ROOT, "node_modules/tsx/dist/cjs/index.cjs");
    const child = spawn(process.execPath, ["--require", tsx, join(ROOT, "scripts/vm.ts"), ...args], {
      cwd: this.folder,
      env: { ...process.env, BSDJAIL_VM_CACHE: this.cache, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const run = { stdout: "", stderr: "" };
    const watchers = new Set<() => void>();
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].setEncoding("utf8").on("data", (text: string) => {
        run[stream] += text;
        for (const watcher of watchers) watcher();
      });
    }
    const ended = new Promise<ToolRun>((resolve) => {
      child.on("close", (status) => {
        resolve({ status, ...run });
        for (const watcher of watchers) watcher();
      });
    });
    /** Resolves when it has said this; rejects when it ends without. */
    const says = (text: string) =>
      new Promise<void>((resolve, reject) => {
        const look = () => {
          if (run.stderr.includes(text)) resolve();
          else if (child.exitCode !== null || child.signalCode !== null) {
            reject(new Error(`it ended without saying "${text}":\n${run.stderr}`));
          } else return;
          watchers.delete(look);
        };
        watchers.add(look);
        look();
      });
    return { child, ended, says };
  }

  /** Runs the tool to its end, in this process: that is quicker. */
  async run(args: readonly string[]): Promise<ToolRun> {
    const run = { stdout: "", stderr: "" };
    const io = {
      stdout: (text: string) => {
        run.stdout += text;
      },
      stderr: (text: string) => {
        run.stderr += text;
      },
    };
    const env = { ...process.env, BSDJAIL_VM_CACHE: this.cache };
    const status = await runTool(args, env, io, new AbortController().signal);
    return { status, ...run };
  }

  /** The command lines of processes that have to do with this place. */
  processes(): readonly string[] {
    return spawnSync("ps", ["-axww", "-o", "pid=,args="], { encoding: "utf8" })
      .stdout.split("\n")
      .filter((line) => line.includes(this.folder) && !line.includes("scripts/vm.ts"));
  }

  /** What is left half made in the cache, and machines. */
  leftovers(): readonly string[] {
    if (!existsSync(this.cache)) return [];
    const names = readdirSync(this.cache, { recursive: true, encoding: "utf8" });
    return names.filter((name) => /\.part-|^machines\/.|^locks\/./.test(name));
  }

  remove(): void {
    for (const line of this.processes()) {
      try {
        process.kill(Number(line.trim().split(" ")[0]), "SIGKILL");
      } catch {
        // It is gone already.
      }
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
