/** QEMU's arguments for a machine. */
import { existsSync } from "node:fs";
import { VmError } from "../errors.js";
import type { Image } from "../images/locate.js";
import type { Arch } from "../images/releases.js";
import type { Accelerator } from "./accelerator.js";

/** A kernel that QEMU starts by itself, without the image's boot loader. */
export interface DirectKernel {
  readonly path: string;
  readonly initrd?: string | undefined;
  /** The kernel's command line. */
  readonly append: string;
}

/** What a machine is made of. */
export interface MachineSpec {
  readonly arch: Arch;
  /** MiB. */
  readonly memory: number;
  readonly cpus: number;
  readonly accelerator: Accelerator;
  /** Its first disk, a qcow2 that may be written to. Undefined: it lives in its kernel's initrd. */
  readonly disk: string | undefined;
  readonly kernel: DirectKernel | undefined;
  /** An ISO image with cloud-init's seed. */
  readonly seed: string | undefined;
  /** Disks over which files go in and come out. */
  readonly inbox: string;
  readonly outbox: string;
  /** Where on this machine its port 22 is; undefined: no network card. */
  readonly sshPort: number | undefined;
  /** Whether it reaches beyond this machine. */
  readonly network: boolean;
  /** Sockets of its serial console and of QEMU's monitor; the file that records the console. */
  readonly console: string;
  readonly monitor: string;
  readonly record: string;
  /** A socket from which a saved machine is read. */
  readonly incoming?: string | undefined;
}

/** Where distributions keep the firmware of aarch64 machines. */
const FIRMWARE = [
  "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd",
  "/usr/share/AAVMF/AAVMF_CODE.fd",
  "/usr/share/edk2/aarch64/QEMU_EFI.fd",
  "/opt/homebrew/share/qemu/edk2-aarch64-code.fd",
  "/usr/local/share/qemu/edk2-aarch64-code.fd",
  "/usr/share/qemu/edk2-aarch64-code.fd",
];

function firmware(): string {
  const found = FIRMWARE.find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new VmError(
    `no UEFI firmware for aarch64 was found (looked for ${FIRMWARE.join(", ")})`,
    "Install it (Debian: qemu-efi-aarch64), or start a kernel directly by --kernel.",
  );
}

function processor({ arch, accelerator }: MachineSpec): string {
  if (accelerator.name !== "tcg") return "host";
  // What emulation does slowly and a guest does well without: five-level page tables, string moves by microcode, checks of
  // each access by the kernel, virtualization inside; real pointer authentication.
  return arch === "amd64" ? "max,la57=off,erms=off,smap=off,svm=off,monitor=off" : "max,pauth-impdef=on";
}

function machineArgs(spec: MachineSpec): string[] {
  const machine = spec.arch === "amd64" ? "q35" : "virt";
  const accel = spec.accelerator.name === "tcg" ? "tcg,thread=multi,tb-size=512" : spec.accelerator.name;
  return [
    ...["-machine", machine, "-accel", accel, "-cpu", processor(spec)],
    ...["-m", String(spec.memory), "-smp", String(spec.cpus)],
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-rtc", "base=utc,clock=host"],
    ...(spec.arch === "amd64" ? ["-vga", "std"] : []),
  ];
}

function disk(id: string, file: string, options: string): string[] {
  // QEMU's option lists take a comma for their own; two stand for one.
  const path = file.replaceAll(",", ",,");
  return [
    "-drive",
    `if=none,id=${id},file=${path},${options}`,
    "-device",
    `virtio-blk-pci,drive=${id},serial=bsdjail-${id}`,
  ];
}

function diskArgs(spec: MachineSpec): string[] {
  const args: string[] = [];
  if (spec.disk !== undefined) args.push(...disk("root", spec.disk, "format=qcow2,cache=unsafe,discard=unmap"));
  for (const [id, file] of [
    ["inbox", spec.inbox],
    ["outbox", spec.outbox],
  ] as const) {
    // They are read and written from outside meanwhile.
    args.push(...disk(id, file, "format=raw,cache=writeback,file.locking=off"));
  }
  if (spec.seed !== undefined) {
    args.push("-drive", `if=none,id=seed,file=${spec.seed.replaceAll(",", ",,")},format=raw,readonly=on`);
    args.push("-device", "virtio-scsi-pci,id=scsi", "-device", "scsi-cd,bus=scsi.0,drive=seed");
  }
  return args;
}

function bootArgs({ arch, kernel, disk }: MachineSpec): string[] {
  if (kernel !== undefined) {
    const initrd = kernel.initrd === undefined ? [] : ["-initrd", kernel.initrd];
    return ["-kernel", kernel.path, ...initrd, "-append", kernel.append];
  }
  if (disk === undefined) throw new VmError("neither an image nor a kernel was named");
  return arch === "aarch64" ? ["-bios", firmware()] : [];
}

/** The whole argument vector, the program left out. The machine waits to be started by the monitor. */
export function qemuArgs(spec: MachineSpec): string[] {
  const forward = `hostfwd=tcp:127.0.0.1:${spec.sshPort}-:22`;
  const network =
    spec.sshPort === undefined
      ? ["-nic", "none"]
      : [
          "-netdev",
          `user,id=net0,${forward}${spec.network ? "" : ",restrict=on"}`,
          "-device",
          "virtio-net-pci,netdev=net0,romfile=",
        ];
  const socket = (id: string, path: string) => `socket,id=${id},path=${path},server=on,wait=off`;
  return [
    ...machineArgs(spec),
    ...["-chardev", `${socket("console", spec.console)},logfile=${spec.record.replaceAll(",", ",,")},logappend=on`],
    ...["-serial", "chardev:console"],
    ...["-chardev", socket("monitor", spec.monitor), "-mon", "chardev=monitor,mode=control"],
    ...bootArgs(spec),
    ...diskArgs(spec),
    ...network,
    ...["-device", "virtio-rng-pci"],
    ...(spec.incoming === undefined ? ["-S"] : ["-incoming", "defer"]),
  ];
}

/** What the kernel is told where nothing is said, by what kind of kernel it is. */
export function defaultAppend(kernel: "freebsd" | "other", arch: Arch, rootLabel: string | undefined): string {
  if (kernel === "other") return arch === "amd64" ? "console=ttyS0" : "console=ttyAMA0";
  return `boot_serial=YES console=comconsole vfs.root.mountfrom=ufs:/dev/${rootLabel ?? "gpt/rootfs"}`;
}

/** Formats that an overlay can stand on. */
export type BackingFormat = Image["format"];
