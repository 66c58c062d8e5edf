import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { awaitPrompt, logIn, NoProgress } from "../../../scripts/vm/console/boot.js";
import { bootSign, panicIn, standstillIn } from "../../../scripts/vm/console/signs.js";
import { PlainText } from "../../../scripts/vm/console/text.js";
import type { VmError } from "../../../scripts/vm/errors.js";
import { Waits } from "../../../scripts/vm/waits.js";
import { fakeConsole } from "./fake-console.js";

const { signal } = new AbortController();
const fixture = (name: string) => readFileSync(join(__dirname, "../../fixtures/vm", name));
const LOGIN = { user: "root", password: undefined };

function options(waits = new Waits({ "first-output": 20, silence: 20, boot: 20, login: 20 })) {
  return { waits, signal, say: () => {} };
}

async function failureOf(promise: Promise<unknown>): Promise<VmError> {
  return promise.then(
    () => Promise.reject(new Error("it did not fail")),
    (error) => error as VmError,
  );
}

describe("plain text of a terminal", () => {
  const raw =
    "\x1b[1;32mgreen\x1b[0m\r\nrow \x1b]0;title\x07two\r\r\n\x1b7\x1b[r\x1b[999;999H\x1b[6n\x1b8ä€\x1b(B!\r\n";
  const plain = "green\nrow two\nä€!\n";

  it("is the same however the bytes are cut", () => {
    const bytes = Buffer.from(raw);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 12 }), (cuts) => {
        const text = new PlainText();
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const pieces = places.slice(1).map((end, index) => text.push(bytes.subarray(places[index], end)));
        expect(pieces.join("")).toBe(plain);
      }),
    );
  });
});

describe("the signs of a console", () => {
  it("a recorded boot of FreeBSD waits for nothing before its login prompt", () => {
    const text = new PlainText().push(fixture("freebsd-15.1-boot.txt"));
    const end = text.indexOf("login: ") + "login: ".length;
    const kinds = new Set<string | undefined>();
    for (let at = 0; at < end; at++) kinds.add(bootSign(text.slice(0, at))?.kind);
    expect([...kinds]).toEqual([undefined]);
    expect(bootSign(text.slice(0, end))).toEqual({ kind: "login" });
  });

  it("recorded panics are told in the kernel's words", () => {
    for (const [name, words] of [
      ["freebsd-15.1-panic.txt", "kdb_sysctl_panic"],
      ["linux-6.1-panic.txt", "sysrq triggered crash"],
    ] as const) {
      const text = new PlainText().push(fixture(name));
      expect(panicIn(text)).toBe(words);
    }
    const ended = "Kernel panic - not syncing: oops\nCPU: 0\n---[ end Kernel panic - not syncing: oops ]---\n";
    expect([standstillIn(ended), standstillIn(`${ended}$ `)]).toEqual(["oops", undefined]);
  });

  it("knows where boots wait and where they end", () => {
    const kinds: readonly (readonly [string, string | undefined])[] = [
      [
        "Hit [Enter] to boot immediately, or any other key for command prompt.\nBooting [kernel] in 9 seconds... ",
        undefined,
      ],
      ["Hit [Enter] to boot immediately, or any other key for command prompt.", "loader"],
      ["Autoboot in 10 seconds, hit [Enter] to boot or any other key to stop", "loader"],
      ["\nfreebsd login: ", "login"],
      ["\nLast login: Mon Jan  1 00:00:00 on ttyu0\n", undefined],
      ["Password:", "password"],
      ["Password for root@freebsd:", "password"],
      ["Login incorrect\nlogin: ", "refused"],
      ["root@freebsd:~ # ", "shell"],
      ["# ", "shell"],
      ["Mounting local filesystems:.\n", undefined],
      ["Trying to mount root from ufs:/dev/nope []...\nmountroot> ", "dead"],
      ["Enter full pathname of shell or RETURN for /bin/sh: ", "dead"],
      ["can't load 'kernel'\n\nOK ", "dead"],
      ["No bootable device.\n", "dead"],
      ["VFS: Unable to mount root fs on unknown-block(0,0)\n", "dead"],
    ];
    for (const [text, kind] of kinds) expect([text, bootSign(text)?.kind]).toEqual([text, kind]);
  });
});

describe("a boot", () => {
  it("is followed through its loader to a login prompt and into a shell", async () => {
    const { console, far } = await fakeConsole();
    const typed: string[] = [];
    far.setEncoding("utf8").on("data", (text: string) => {
      typed.push(text);
      if (typed.length === 1) far.write("\r\n---<<BOOT>>---\r\nFreeBSD\r\n\r\nhost login: ");
      if (typed.length === 2) far.write("root\r\nPassword:");
      if (typed.length === 3) far.write("\r\nWelcome\r\nroot@host:~ # ");
    });
    far.write("Hit [Enter] to boot immediately, or any other key for command prompt.");
    expect(await awaitPrompt(console, options())).toBe("login");
    await logIn(console, { user: "root", password: "secret" }, options());
    expect(typed).toEqual(["\r", "root\r", "secret\r"]);
  });

  it("answers a program that asks where the cursor is", async () => {
    const { far } = await fakeConsole();
    const answer = new Promise<string>((resolve) => far.setEncoding("utf8").once("data", resolve));
    far.write("\x1b7\x1b[r\x1b[999;999H\x1b[6n\x1b8");
    expect(await answer).toBe("\x1b[24;80R");
  });

  it("says that a password is missing or wrong", async () => {
    for (const password of [undefined, "wrong"]) {
      const { console, far } = await fakeConsole();
      far.setEncoding("utf8").on("data", (text: string) => {
        far.write(text.startsWith("wrong") ? "\r\nLogin incorrect\r\nlogin: " : "Password:");
      });
      const error = await failureOf(logIn(console, { user: "root", password }, options()));
      expect(error.message).toContain(password === undefined ? "wants a password" : "was refused");
      expect(error.hint).toContain("--password");
    }
  });

  it("fails at once where the guest says that it failed, with its last lines", async () => {
    const { console, far } = await fakeConsole();
    far.write("Trying to mount root from ufs:/dev/nope []...\r\nmountroot: waiting\r\n\r\nmountroot> ");
    const error = await failureOf(awaitPrompt(console, options()));
    expect(error).not.toBeInstanceOf(NoProgress);
    expect(error.message).toContain("root file system");
    expect(error.detail.at(-1)).toBe("mountroot>");
  });

  it("is given up for lack of progress: no sign of life, silence, too long, the end of the machine", async () => {
    const none = await fakeConsole();
    const silent = await failureOf(awaitPrompt(none.console, options(new Waits({ "first-output": 0.05 }))));
    expect([silent instanceof NoProgress && silent.silent, silent.hint]).toEqual([
      true,
      expect.stringContaining("--wait first-output="),
    ]);

    const halted = await fakeConsole();
    halted.far.write("Booting...\r\n");
    const halt = await failureOf(awaitPrompt(halted.console, options(new Waits({ silence: 0.05, boot: 60 }))));
    expect([halt.message, halt.detail.at(-1)]).toEqual(["the boot came to a halt", "Booting..."]);

    const endless = await fakeConsole();
    const timer = setInterval(() => endless.far.write(".\r\n"), 5);
    const slow = await failureOf(awaitPrompt(endless.console, options(new Waits({ silence: 60, boot: 0.2 }))));
    clearInterval(timer);
    expect(slow.message).toBe("the boot did not reach a prompt");

    const ended = await fakeConsole();
    ended.far.end("Booting...\r\n");
    const end = await failureOf(awaitPrompt(ended.console, options()));
    expect([end instanceof NoProgress, end.message]).toEqual([true, "the machine ended while it booted"]);
  });

  it("takes a shell without a login as it is", async () => {
    const { console, far } = await fakeConsole();
    far.write("Linux version 6.1\r\n/ # ");
    expect(await awaitPrompt(console, options())).toBe("shell");
    expect(LOGIN.user).toBe("root");
  });
});
