/** A small ISO 9660 image with the names of Rock Ridge: a label and a few files in its root, as cloud-init wants its seed. */

const SECTOR = 2048;
const DESCRIPTOR = 16;
const TERMINATOR = 17;
const LITTLE_TABLE = 18;
const BIG_TABLE = 19;
const ROOT = 20;
const FIRST_FILE = 21;
/** Sectors behind the last file: drives and programs read ahead. */
const PADDING = 150;

function both16(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16LE(value, 0);
  bytes.writeUInt16BE(value, 2);
  return bytes;
}

function both32(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(value, 0);
  bytes.writeUInt32BE(value, 4);
  return bytes;
}

/** A field of the system use area: its two letters, its length, version 1, its content. */
function field(name: string, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from(name), Buffer.from([4 + content.length, 1]), content]);
}

/** Mode, links, owner and group. */
function attributes(directory: boolean): Buffer {
  const mode = directory ? 0o040555 : 0o100444;
  return field("PX", Buffer.concat([both32(mode), both32(1), both32(0), both32(0)]));
}

/** That system use fields are used, and that they are Rock Ridge's: stands in the root's first record. */
function announcement(): Buffer {
  const id = Buffer.from("RRIP_1991A");
  const reference = Buffer.concat([Buffer.from([id.length, 1, 1, 1]), id, Buffer.from("  ")]);
  return Buffer.concat([field("SP", Buffer.from([0xbe, 0xef, 0])), field("ER", reference)]);
}

/** A directory record. */
function record(identifier: Buffer, sector: number, size: number, directory: boolean, use: Buffer): Buffer {
  const pad = identifier.length % 2 === 0 ? 1 : 0;
  const parts = [
    Buffer.from([0, 0]),
    both32(sector),
    both32(size),
    // Years since 1900, month, day, time of day, time zone: the same each time, so that equal seeds are equal files.
    Buffer.from([100, 1, 1, 0, 0, 0, 0]),
    Buffer.from([directory ? 2 : 0, 0, 0]),
    both16(1),
    Buffer.from([identifier.length]),
    identifier,
    Buffer.alloc(pad),
    use,
  ];
  const bytes = Buffer.concat(parts);
  const even = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)]);
  even[0] = even.length;
  return even;
}

/** A name as plain ISO 9660 wants it; Rock Ridge's own goes beside. */
function plainName(name: string, index: number): Buffer {
  const word = name
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, "_")
    .slice(0, 6);
  return Buffer.from(`${word}${index}.;1`);
}

function pathTable(big: boolean): Buffer {
  const bytes = Buffer.alloc(10);
  bytes[0] = 1;
  if (big) {
    bytes.writeUInt32BE(ROOT, 2);
    bytes.writeUInt16BE(1, 6);
  } else {
    bytes.writeUInt32LE(ROOT, 2);
    bytes.writeUInt16LE(1, 6);
  }
  return bytes;
}

function volumeDescriptor(label: string, sectors: number, root: Buffer): Buffer {
  const bytes = Buffer.alloc(SECTOR);
  bytes.write("\x01CD001\x01", 0, "latin1");
  bytes.fill(0x20, 8, 72);
  bytes.write(label, 40, "latin1");
  both32(sectors).copy(bytes, 80);
  both16(1).copy(bytes, 120);
  both16(1).copy(bytes, 124);
  both16(SECTOR).copy(bytes, 128);
  both32(10).copy(bytes, 132);
  bytes.writeUInt32LE(LITTLE_TABLE, 140);
  bytes.writeUInt32BE(BIG_TABLE, 148);
  root.copy(bytes, 156);
  bytes.fill(0x20, 190, 813);
  for (const at of [813, 830, 847, 864]) bytes.write("0000000000000000", at, "latin1");
  bytes[881] = 1;
  return bytes;
}

/**
 * The image. Names are kept as they are by whoever reads Rock Ridge.
 *
 * @throws RangeError where the root directory would not fit its one sector, or the label is longer than 32 characters
 */
export function isoImage(label: string, files: Readonly<Record<string, string>>): Buffer {
  if (label.length > 32) throw new RangeError(`${label}: a label has at most 32 characters`);
  const contents: Buffer[] = [];
  const entries: Buffer[] = [];
  let sector = FIRST_FILE;
  for (const [index, [name, text]] of Object.entries(files)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .entries()) {
    const content = Buffer.from(text);
    const use = Buffer.concat([attributes(false), field("NM", Buffer.concat([Buffer.alloc(1), Buffer.from(name)]))]);
    entries.push(record(plainName(name, index), sector, content.length, false, use));
    const sectors = Math.max(1, Math.ceil(content.length / SECTOR));
    contents.push(Buffer.concat([content, Buffer.alloc(sectors * SECTOR - content.length)]));
    sector += sectors;
  }
  const self = record(Buffer.from([0]), ROOT, SECTOR, true, Buffer.concat([announcement(), attributes(true)]));
  const parent = record(Buffer.from([1]), ROOT, SECTOR, true, attributes(true));
  const directory = Buffer.concat([self, parent, ...entries]);
  if (directory.length > SECTOR) throw new RangeError("too many files for one sector of directory");
  const total = sector + PADDING;
  const image = Buffer.alloc(total * SECTOR);
  const bare = record(Buffer.from([0]), ROOT, SECTOR, true, Buffer.alloc(0));
  volumeDescriptor(label, total, bare).copy(image, DESCRIPTOR * SECTOR);
  image.write("\xffCD001\x01", TERMINATOR * SECTOR, "latin1");
  pathTable(false).copy(image, LITTLE_TABLE * SECTOR);
  pathTable(true).copy(image, BIG_TABLE * SECTOR);
  directory.copy(image, ROOT * SECTOR);
  Buffer.concat(contents).copy(image, FIRST_FILE * SECTOR);
  return image;
}
