import { randomBytes } from "node:crypto";
import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import { abortable } from "../abort.js";
import type { LocalFiles } from "./files.js";
import { currentHolder, takeLock } from "./lock.js";
import {
  type Actor,
  type LockHolder,
  type LockOptions,
  MachineError,
  type MachineLock,
  type MachineOptions,
  type ReadOptions,
  type WriteOptions,
} from "./machine.js";
import { actorAlive, currentActor } from "./process-identity.js";
import { OWN_TIME } from "./time.js";

/** What every machine in this process has in common: its files, its clock, its locks. */
export abstract class BaseMachine {
  protected readonly files: LocalFiles;

  protected constructor(files: LocalFiles) {
    this.files = files;
  }

  stat(path: string, options?: MachineOptions & { readonly follow?: boolean }) {
    return this.files.stat(path, options);
  }

  realPath(path: string, options?: MachineOptions) {
    return this.files.realPath(path, options);
  }

  readFile(path: string, options?: ReadOptions) {
    return this.files.readFile(path, options);
  }

  writeFile(path: string, bytes: Uint8Array, options?: WriteOptions) {
    return this.files.writeFile(path, bytes, options);
  }

  appendFile(path: string, bytes: Uint8Array, options?: WriteOptions) {
    return this.files.appendFile(path, bytes, options);
  }

  removeFile(path: string, options?: MachineOptions) {
    return this.files.removeFile(path, options);
  }

  renameFile(path: string, to: string, options?: MachineOptions) {
    return this.files.renameFile(path, to, options);
  }

  listDirectory(path: string, options?: MachineOptions) {
    return this.files.listDirectory(path, options);
  }

  makeDirectory(path: string, options?: WriteOptions) {
    return this.files.makeDirectory(path, options);
  }

  openAppend(path: string, root: string | undefined, options?: MachineOptions) {
    return this.files.openAppend(path, root, options);
  }

  async resolve(hostname: string, options: MachineOptions = {}) {
    try {
      const found = await abortable(options.signal, () => lookup(hostname, { all: true, verbatim: true }));
      return found.map(({ family, address }) => ({ family: family as 4 | 6, address }));
    } catch (error) {
      options.signal?.throwIfAborted();
      const { code } = error as NodeJS.ErrnoException;
      throw new MachineError(
        "ENOENT",
        "getaddrinfo",
        hostname,
        `host name "${hostname}" was not resolved (${code ?? "unknown reason"})`,
      );
    }
  }

  connect(address: string, port: number, timeoutMs: number, options: MachineOptions = {}): Promise<string | undefined> {
    return abortable(
      options.signal,
      () =>
        new Promise<string | undefined>((resolve) => {
          const socket = connect({ host: address, port });
          const finish = (answer: string | undefined) => {
            socket.destroy();
            resolve(answer);
          };
          socket.setTimeout(timeoutMs, () => finish("ETIMEDOUT"));
          socket.once("connect", () => finish(undefined));
          socket.once("error", (error: NodeJS.ErrnoException) => finish(error.code ?? "EIO"));
        }),
    );
  }

  now(): number {
    return Date.now();
  }

  clock(): number {
    return OWN_TIME.clock();
  }

  sleep(ms: number, options: MachineOptions = {}): Promise<void> {
    return OWN_TIME.sleep(ms, options);
  }

  random(length: number): Uint8Array {
    return randomBytes(length);
  }

  self(options: MachineOptions = {}): Promise<Actor> {
    return abortable(options.signal, currentActor);
  }

  alive(actor: Actor, options: MachineOptions = {}): Promise<boolean> {
    return abortable(options.signal, () => actorAlive(actor));
  }

  lock(path: string, purpose: string, options?: LockOptions): Promise<MachineLock> {
    return takeLock(this, this.files.place(path), purpose, options);
  }

  lockHolder(path: string, options?: MachineOptions): Promise<LockHolder | undefined> {
    return currentHolder(this, this.files.place(path), options);
  }
}
