import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { Cache } from "../../../scripts/vm/cache.js";
import type { VmError } from "../../../scripts/vm/errors.js";
import { parseChecksums } from "../../../scripts/vm/images/checksums.js";
import { type Finder, findImage, formatOf, type ImageRequest } from "../../../scripts/vm/images/locate.js";
import {
  BASES,
  basesOf,
  branchIndex,
  choose,
  folders,
  isImage,
  newestOfBranch,
  parseRelease,
} from "../../../scripts/vm/images/releases.js";
import { needSpace } from "../../../scripts/vm/images/space.js";
import { Waits } from "../../../scripts/vm/waits.js";
import { scratch } from "./fake-console.js";

const sha512 = (bytes: Buffer) => createHash("sha512").update(bytes).digest("hex");
const request = (name: string): ImageRequest => ({ name, arch: "amd64", way: undefined });

describe("names of releases", () => {
  it("become folders of the server", () => {
    const versions = ["15.0", "14.3-RELEASE", "freebsd-13.5", "15.1-rc2", "15-stable", "14.3-stable", "16-current"];
    expect(versions.map((name) => parseRelease(name).version)).toEqual([
      "15.0-RELEASE",
      "14.3-RELEASE",
      "13.5-RELEASE",
      "15.1-RC2",
      "15-STABLE",
      "14.3-STABLE",
      "16-CURRENT",
    ]);
    expect(versions.map((name) => parseRelease(name).moving)).toEqual([false, false, false, false, true, true, true]);
    expect(parseRelease("dragonfly-6.4.2")).toMatchObject({ system: "dragonfly", version: "6.4.2" });
    for (const wrong of ["15", "fifteen", "15.0-beta", "dragonfly-six", "netbsd-10"]) {
      expect(() => parseRelease(wrong)).toThrow(wrong);
    }
  });

  it("are told from paths and URLs", () => {
    expect(["./a", "/x/root.img", "https://h/x.qcow2.xz", "disk.raw"].map(isImage)).toEqual([true, true, true, true]);
    expect(["15.0", "15-stable", "dragonfly-6.4.2"].map(isImage)).toEqual([false, false, false]);
  });

  it("are looked for where they are published, supported ones first, and each base can be set", () => {
    const bases = basesOf({ BSDJAIL_VM_MIRROR: "http://mirror/" });
    expect(bases).toEqual({ ...BASES, freebsd: "http://mirror" });
    const urls = folders(parseRelease("14.3"), "aarch64", "serial", bases).map(({ url }) => url);
    expect(urls).toEqual([
      "http://mirror/releases/CI-IMAGES/14.3-RELEASE/aarch64/Latest",
      "http://mirror/releases/VM-IMAGES/14.3-RELEASE/aarch64/Latest",
      `${BASES.freebsdArchive}/CI-IMAGES/14.3-RELEASE/aarch64/Latest`,
      `${BASES.freebsdArchive}/VM-IMAGES/14.3-RELEASE/aarch64/Latest`,
    ]);
    const branch = parseRelease("15-stable");
    expect(branchIndex(branch, bases)).toBe("http://mirror/snapshots/VM-IMAGES");
    const index =
      '<a href="14.3-STABLE/">..</a><a href="15.0-STABLE/">x</a><a href="15.10-STABLE/"><a href="16.0-CURRENT/">';
    expect(newestOfBranch(branch, index)).toBe("15.10-STABLE");
    expect(newestOfBranch(parseRelease("13-stable"), index)).toBeUndefined();
    expect(branchIndex(parseRelease("15.0"), bases)).toBeUndefined();
  });

  it("choose the image that can be prepared best among those that are there", () => {
    const names = [
      "FreeBSD-15.0-RELEASE-amd64-ufs.qcow2.xz",
      "FreeBSD-15.0-RELEASE-amd64-zfs.qcow2.xz",
      "FreeBSD-15.0-RELEASE-amd64-BASIC-CLOUDINIT-zfs.qcow2.xz",
      "FreeBSD-15.0-RELEASE-amd64-BASIC-CLOUDINIT-ufs.raw.xz",
      "FreeBSD-15.0-RELEASE-amd64-BASIC-CLOUDINIT-ufs.qcow2.xz",
      "FreeBSD-15.0-RELEASE-amd64-BASIC-CI-ufs.raw.xz",
    ];
    const release = parseRelease("15.0");
    expect(choose(release, "amd64", undefined, names)).toBe(names[4]);
    expect(choose(release, "amd64", "serial", names)).toBe(names[5]);
    expect(choose(release, "amd64", undefined, names.slice(0, 2))).toBe(names[0]);
    expect(choose(release, "amd64", "ssh", names.slice(0, 2))).toBeUndefined();
    expect(choose(release, "aarch64", undefined, names)).toBeUndefined();
    const older = ["FreeBSD-13.5-RELEASE-arm64-aarch64.qcow2.xz", "FreeBSD-13.5-RELEASE-arm64-aarch64.raw.xz"];
    expect(choose(parseRelease("13.5"), "aarch64", undefined, older)).toBe(older[0]);
    const snapshot = "FreeBSD-15.0-STABLE-amd64-20261120-0123456789ab-280123-BASIC-CLOUDINIT-ufs.qcow2.xz";
    expect(choose(parseRelease("15.0-stable"), "amd64", undefined, [snapshot])).toBe(snapshot);
    expect(choose(parseRelease("dragonfly-6.4.2"), "amd64", undefined, ["dfly-x86_64-6.4.2_REL.img.bz2"])).toBe(
      "dfly-x86_64-6.4.2_REL.img.bz2",
    );
  });
});

describe("lists of checksums", () => {
  it("are read in both forms, by what kind of sum each is", () => {
    const [long, short] = ["a".repeat(128), "B".repeat(32)];
    const text = `SHA512 (one.qcow2.xz) = ${long}\r\nnonsense\nMD5 (two.img) = ${short}\n${"c".repeat(64)} *dir/three.raw\n`;
    expect([...parseChecksums(text)]).toEqual([
      ["one.qcow2.xz", { algorithm: "sha512", value: long }],
      ["two.img", { algorithm: "md5", value: "b".repeat(32) }],
      ["three.raw", { algorithm: "sha256", value: "c".repeat(64) }],
    ]);
  });
});

/** A disk that is not all zeros, and the same as a published file. */
const DISK = Buffer.alloc(300_000, "bsdjail");
const PACKED = spawnSync("xz", ["-c"], { input: DISK }).stdout;
const FOLDER = "/releases/VM-IMAGES/15.0-RELEASE/amd64/Latest";
const NAME = "FreeBSD-15.0-RELEASE-amd64-BASIC-CLOUDINIT-ufs.raw.xz";

type Answer = (response: ServerResponse, request: IncomingMessage, number: number) => void;

/** A mirror on this machine; the list of checksums is right unless `files` says otherwise. */
async function mirror(files: Readonly<Record<string, Answer>>, overrides: Partial<Finder> = {}) {
  const asked: string[] = [];
  const list: Answer = (response) => response.end(`SHA512 (${NAME}) = ${sha512(PACKED)}\n`);
  const all: Readonly<Record<string, Answer>> = { [`${FOLDER}/CHECKSUM.SHA512`]: list, ...files };
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    const answer = all[path];
    if (answer === undefined) response.writeHead(404).end();
    else answer(response, request, asked.filter((each) => each === path).length);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cache = new Cache(scratch());
  const said: string[] = [];
  const finder: Finder = {
    ...{ cache, network: true, bases: { freebsd: base, freebsdArchive: base, dragonfly: base } },
    ...{
      waits: new Waits({ "download-idle": 30 }),
      signal: new AbortController().signal,
      say: (line) => said.push(line),
    },
    ...overrides,
  };
  const left = () => readdirSync(cache.folder("images"));
  return { asked, finder, said, left, base };
}

async function failure(promise: Promise<unknown>): Promise<VmError> {
  return promise.then(
    () => Promise.reject(new Error("it did not fail")),
    (error) => error as VmError,
  );
}

const whole: Answer = (response) => response.end(PACKED);

describe("an image", () => {
  it("is downloaded, compared with its checksum, decompressed, and then there", async () => {
    const { finder, asked, left } = await mirror({ [`${FOLDER}/${NAME}`]: whole });
    const image = await findImage(request("15.0"), finder);
    expect(readFileSync(image.path).equals(DISK)).toBe(true);
    expect(image).toMatchObject({ label: "15.0", format: "raw", way: "ssh" });
    const before = asked.length;
    const again = await findImage(request("15.0"), { ...finder, network: false });
    expect([again.identity, asked.length]).toEqual([image.identity, before]);
    expect(left()).toEqual(["freebsd-15.0-release-amd64-any"]);
  });

  it("that has a wrong checksum is not kept", async () => {
    const { finder, left } = await mirror({ [`${FOLDER}/${NAME}`]: (response) => response.end(Buffer.alloc(5000)) });
    const error = await failure(findImage(request("15.0"), finder));
    expect(error.message).toMatch(/its sha512 is \w+, the published one is/);
    expect(left()).toEqual([]);
  });

  it("whose transfer breaks off is tried again, and given up after some tries", async () => {
    const broken: Answer = (response) => {
      response.writeHead(200, { "content-length": PACKED.length });
      response.write(PACKED.subarray(0, 100), () => response.destroy());
    };
    const once = await mirror({ [`${FOLDER}/${NAME}`]: (...args) => (args[2] === 1 ? broken : whole)(...args) });
    expect((await findImage(request("15.0"), once.finder)).format).toBe("raw");
    const always = await mirror({ [`${FOLDER}/${NAME}`]: broken });
    const error = await failure(findImage(request("15.0"), always.finder));
    expect(error.message).toContain("broken off");
    expect(error.hint).toContain("--image");
    expect(always.asked.filter((path) => path.endsWith(NAME))).toHaveLength(3);
    expect(always.left()).toEqual([]);
  });

  it("of which nothing more comes is given up by the wait's name", async () => {
    const stuck: Answer = (response) => {
      response.writeHead(200, { "content-length": PACKED.length });
      response.write(PACKED.subarray(0, 100));
    };
    const { finder, left } = await mirror(
      { [`${FOLDER}/${NAME}`]: stuck },
      { waits: new Waits({ "download-idle": 0.1 }) },
    );
    const error = await failure(findImage(request("15.0"), finder));
    expect(error.hint).toContain("--wait download-idle=");
    expect(left()).toEqual([]);
  });

  it("whose download is interrupted leaves nothing in the cache", async () => {
    const controller = new AbortController();
    const stuck: Answer = (response) => {
      response.writeHead(200, { "content-length": PACKED.length });
      response.write(PACKED.subarray(0, 100), () => controller.abort(new Error("interrupted")));
    };
    const { finder, left } = await mirror({ [`${FOLDER}/${NAME}`]: stuck }, { signal: controller.signal });
    await expect(findImage(request("15.0"), finder)).rejects.toThrow("interrupted");
    expect(left()).toEqual([]);
  });

  it("that is asked for twice at once is downloaded once", async () => {
    const { finder, asked } = await mirror({ [`${FOLDER}/${NAME}`]: whole });
    const both = await Promise.all([findImage(request("15.0"), finder), findImage(request("15.0"), finder)]);
    expect(both[0].path).toBe(both[1].path);
    expect(asked.filter((path) => path.endsWith(NAME))).toHaveLength(1);
  });

  it("of a branch is fetched anew when another one is published", async () => {
    const folder = "/snapshots/VM-IMAGES/15.2-STABLE/amd64/Latest";
    const name = "FreeBSD-15.2-STABLE-amd64-BASIC-CLOUDINIT-ufs.raw.xz";
    let packed = PACKED;
    const { finder, asked } = await mirror({
      "/snapshots/VM-IMAGES/": (response) => response.end('<a href="15.1-STABLE/"><a href="15.2-STABLE/">'),
      [`${folder}/CHECKSUM.SHA512`]: (response) => response.end(`SHA512 (${name}) = ${sha512(packed)}\n`),
      [`${folder}/${name}`]: (response) => response.end(packed),
    });
    const count = () => asked.filter((path) => path.endsWith(name)).length;
    const first = await findImage(request("15-stable"), finder);
    await findImage(request("15-stable"), finder);
    expect(count()).toBe(1);
    packed = spawnSync("xz", ["-c"], { input: Buffer.concat([DISK, DISK]) }).stdout;
    const second = await findImage(request("15-stable"), finder);
    expect([count(), second.identity === first.identity]).toEqual([2, false]);
    expect(readFileSync(second.path)).toHaveLength(2 * DISK.length);
  });

  it("that nobody publishes is told with the places that were looked at", async () => {
    const { finder } = await mirror({});
    const error = await failure(findImage(request("9.9"), finder));
    expect(error.message).toContain("no image of 9.9 for amd64 is published");
    expect(error.detail.join("\n")).toContain(
      "/releases/VM-IMAGES/9.9-RELEASE/amd64/Latest/CHECKSUM.SHA512: not there",
    );
  });

  it("is not looked for on a network that is not to be used", async () => {
    const { finder, asked } = await mirror({}, { network: false });
    expect((await failure(findImage(request("15.0"), finder))).message).toContain("not in the cache");
    expect(asked).toEqual([]);
  });

  it("by URL is kept under its URL; by path it is used where it is, or decompressed once", async () => {
    const { finder, asked, base } = await mirror({
      "/my.qcow2": (response) => response.end(Buffer.from("QFI\xfb....", "latin1")),
    });
    const byUrl = await findImage(request(`${base}/my.qcow2`), finder);
    await findImage(request(`${base}/my.qcow2`), finder);
    expect([byUrl.format, asked.length]).toEqual(["qcow2", 1]);
    const folder = scratch();
    const [plain, packed] = [join(folder, "disk.raw"), join(folder, "disk.raw.xz")];
    writeFileSync(plain, DISK);
    writeFileSync(packed, PACKED);
    expect((await findImage(request(plain), finder)).path).toBe(plain);
    const unpacked = await findImage(request(packed), finder);
    expect(readFileSync(unpacked.path).equals(DISK)).toBe(true);
    expect((await findImage(request(packed), finder)).identity).toBe(unpacked.identity);
  });

  it("that is cut off or missing is told so, and nothing half made stays", async () => {
    const { finder, left } = await mirror({});
    const packed = join(scratch(), "disk.raw.xz");
    writeFileSync(packed, PACKED);
    truncateSync(packed, PACKED.length - 20);
    const cut = await failure(findImage(request(packed), finder));
    expect(cut.hint).toContain("damaged or cut off");
    expect((await failure(findImage(request("/nowhere/disk.raw"), finder))).message).toContain("no such image");
    expect(left()).toEqual([]);
  });

  it("is known by its first bytes", () => {
    const folder = scratch();
    const named = (name: string, head: string) => {
      writeFileSync(join(folder, name), Buffer.from(head.padEnd(512, "\0"), "latin1"));
      return formatOf(join(folder, name));
    };
    expect([named("a", "QFI\xfb"), named("b", "KDMV"), named("c", "conectix"), named("d", "\x7fELF")]).toEqual([
      "qcow2",
      "vmdk",
      "vpc",
      "raw",
    ]);
  });
});

it("a disk without room is told before anything is written", () => {
  expect(() => needSpace(join(scratch(), "not/there/yet"), 2 ** 60, "an image")).toThrow(
    /an image: \d+ MiB are needed/,
  );
  expect(() => needSpace(scratch(), 1, "an image")).not.toThrow();
});
