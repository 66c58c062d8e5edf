/** Reads what matters of a 64-bit little-endian ELF file: what it is, what it needs, what it imports and exports. */

export interface ElfSymbol {
  readonly name: string;
  /** The symbol version it was linked against, `FBSD_1.1`; undefined without one. */
  readonly version?: string;
}

export interface Elf {
  /** `x86_64`, `aarch64`, or the machine's number. */
  readonly machine: string;
  /** `shared`, `executable` (position-independent ones are `shared` by type), or the number. */
  readonly type: string;
  readonly osabi: number;
  readonly needed: readonly string[];
  /** The program interpreter of an executable. */
  readonly interpreter?: string;
  readonly imports: readonly ElfSymbol[];
  readonly exports: readonly string[];
  readonly stripped: boolean;
}

const MACHINES = new Map([
  [62, "x86_64"],
  [183, "aarch64"],
]);
const TYPES = new Map([
  [2, "executable"],
  [3, "shared"],
]);
const [SHT_SYMTAB, SHT_DYNAMIC, SHT_DYNSYM] = [2, 6, 11];
const [SHT_GNU_VERNEED, SHT_GNU_VERSYM] = [0x6ffffffe, 0x6fffffff];
const [DT_NEEDED, PT_INTERP] = [1, 3];

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
}

class Reader {
  readonly view: DataView;
  readonly sections: readonly Section[];

  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < 64 || this.u32(0) !== 0x464c457f) throw new Error("not an ELF file");
    if (bytes[4] !== 2 || bytes[5] !== 1) throw new Error("not a 64-bit little-endian ELF file");
    const [at, size, count] = [this.u64(40), this.u16(58), this.u16(60)];
    this.sections = Array.from({ length: count }, (_, i) => this.section(at + i * size));
  }

  u16(at: number): number {
    return this.view.getUint16(at, true);
  }

  u32(at: number): number {
    return this.view.getUint32(at, true);
  }

  u64(at: number): number {
    return Number(this.view.getBigUint64(at, true));
  }

  text(at: number): string {
    let end = at;
    while (this.view.getUint8(end) !== 0) end += 1;
    return new TextDecoder().decode(new Uint8Array(this.view.buffer, this.view.byteOffset + at, end - at));
  }

  byType(type: number): Section | undefined {
    return this.sections.find((section) => section.type === type);
  }

  /** A string of the string table that `section` is linked to. */
  linked(section: Section, offset: number): string {
    const table = this.sections[section.link];
    if (table === undefined) throw new Error("a section without its strings");
    return this.text(table.offset + offset);
  }

  private section(at: number): Section {
    return {
      type: this.u32(at + 4),
      offset: this.u64(at + 24),
      size: this.u64(at + 32),
      link: this.u32(at + 40),
      info: this.u32(at + 44),
    };
  }
}

function neededOf(elf: Reader): string[] {
  const dynamic = elf.byType(SHT_DYNAMIC);
  const needed: string[] = [];
  if (dynamic === undefined) return needed;
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += 16) {
    if (elf.u64(at) === DT_NEEDED) needed.push(elf.linked(dynamic, elf.u64(at + 8)));
  }
  return needed;
}

/** The names of the versions that are asked of other libraries, by their index in the version table. */
function versionsOf(elf: Reader): Map<number, string> {
  const versions = new Map<number, string>();
  const section = elf.byType(SHT_GNU_VERNEED);
  if (section === undefined) return versions;
  let at = section.offset;
  for (let file = 0; file < section.info; file++) {
    let entry = at + elf.u32(at + 8);
    for (let i = 0; i < elf.u16(at + 2); i++) {
      versions.set(elf.u16(entry + 6) & 0x7fff, elf.linked(section, elf.u32(entry + 8)));
      entry += elf.u32(entry + 12);
    }
    at += elf.u32(at + 12);
  }
  return versions;
}

function symbolsOf(elf: Reader): { imports: ElfSymbol[]; exports: string[] } {
  const imports: ElfSymbol[] = [];
  const exports: string[] = [];
  const section = elf.byType(SHT_DYNSYM);
  if (section === undefined) return { imports, exports };
  const versions = versionsOf(elf);
  const versym = elf.byType(SHT_GNU_VERSYM);
  for (let i = 1; i < section.size / 24; i++) {
    const at = section.offset + i * 24;
    const name = elf.linked(section, elf.u32(at));
    if (elf.u16(at + 6) !== 0) {
      exports.push(name);
      continue;
    }
    const version = versym && versions.get(elf.u16(versym.offset + 2 * i) & 0x7fff);
    imports.push(version === undefined ? { name } : { name, version });
  }
  return { imports, exports };
}

function interpreterOf(elf: Reader): string | undefined {
  const [at, size, count] = [elf.u64(32), elf.u16(54), elf.u16(56)];
  for (let i = 0; i < count; i++) {
    if (elf.u32(at + i * size) === PT_INTERP) return elf.text(elf.u64(at + i * size + 8));
  }
  return undefined;
}

/** @throws Error where `bytes` is no 64-bit little-endian ELF file. */
export function readElf(bytes: Uint8Array): Elf {
  const elf = new Reader(bytes);
  const [type, machine] = [elf.u16(16), elf.u16(18)];
  const interpreter = interpreterOf(elf);
  return {
    machine: MACHINES.get(machine) ?? String(machine),
    type: TYPES.get(type) ?? String(type),
    osabi: bytes[7] ?? 0,
    needed: neededOf(elf),
    ...symbolsOf(elf),
    ...(interpreter === undefined ? {} : { interpreter }),
    stripped: elf.byType(SHT_SYMTAB) === undefined,
  };
}
