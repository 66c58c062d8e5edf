/** A connection to a machine that an earlier run of the tool left up. */

import { logIn } from "../console/boot.js";
import { Console } from "../console/console.js";
import { ConsoleShell } from "../console/shell.js";
import { bootSign } from "../console/signs.js";
import { VmError } from "../errors.js";
import { ConsoleGuest } from "../guest/console-guest.js";
import type { Guest } from "../guest/guest.js";
import { SshGuest } from "../guest/ssh-guest.js";
import { withLock } from "../lock.js";
import type { MachineRecord } from "../machine/records.js";
import { connectSocket } from "../machine/socket.js";
import type { Session } from "../session.js";
import type { Waits } from "../waits.js";

/** The limits for a machine. */
export function waitsFor(session: Session, record: MachineRecord): Waits {
  return session.waits.scaled(record.accelerator.slowness);
}

/** Works on a machine. Its console serves one at a time: others wait for it. */
export function withGuest<T>(
  session: Session,
  record: MachineRecord,
  work: (guest: Guest, waits: Waits) => Promise<T>,
): Promise<T> {
  const waits = waitsFor(session, record);
  if (record.way === "ssh" && record.sshPort !== undefined && record.key !== undefined) {
    return work(new SshGuest(record.sshPort, record.key, waits), waits);
  }
  return withConsole(session, record, async (console) => {
    const shell = (await ConsoleShell.again(console, waits, session.signal)) ?? (await anew(session, console, waits));
    return work(new ConsoleGuest(shell, record, waits), waits);
  });
}

/** Holds a machine's console while `work` uses it. */
export function withConsole<T>(
  session: Session,
  record: MachineRecord,
  work: (console: Console) => Promise<T>,
): Promise<T> {
  const { cache, signal } = session;
  const waits = waitsFor(session, record);
  const onWait = (pid: number) => session.say(`process ${pid} uses the console of ${record.name}; waiting for it`);
  return withLock(cache.lock("machines", record.name), { waits, signal, onWait }, async () => {
    const console = new Console(await connectSocket(record.console, waits.ms("monitor"), signal));
    try {
      return await work(console);
    } finally {
      console.close();
    }
  });
}

/** Somebody may have left the shell: then there is a login prompt again, or another shell. */
async function anew(session: Session, console: Console, waits: Waits): Promise<ConsoleShell> {
  const { signal, options } = session;
  const from = console.position;
  console.send("\x03\r");
  const seen = await console.until(() => bootSign(console.since(from)), { limitMs: waits.ms("login"), signal });
  if ("found" in seen && seen.found.kind === "dead")
    throw new VmError(seen.found.what, seen.found.hint, console.lastLines());
  if ("found" in seen && seen.found.kind === "login") {
    const login = { user: options.user, password: options.password };
    await logIn(console, login, { waits, signal, say: (line) => session.say(line) });
  }
  return ConsoleShell.take(console, waits, signal);
}
