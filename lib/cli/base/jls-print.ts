import { negate } from "../../params/table.js";
import type { JlsRequest } from "./jls-options.js";
import { affirm, type BaseParameter, type BaseValue, exportValue } from "./libjail.js";
import type { Xo } from "./xo.js";

/** A parameter that is printed, with the group whose mode decides whether it counts. */
export interface JlsColumn {
  readonly parameter: BaseParameter;
  /** Where the group's mode stands in a row. */
  readonly group: number | undefined;
}

/** How rows are printed: the fixed columns of jls, those of -v, or the parameters asked for. */
export type JlsLayout = "default" | "verbose" | "parameters";

/** Prints the line of titles, where there is one. */
export function printTitles(xo: Xo, request: JlsRequest, layout: JlsLayout, columns: readonly JlsColumn[]): void {
  if (layout === "verbose") {
    xo.title("", { min: 3 });
    xo.title("JID");
    xo.padding("  ");
    xo.title("Hostname");
    xo.padding(" ".repeat(22));
    xo.title("Path");
    xo.endLine();
    xo.padding(" ".repeat(8));
    xo.title("Name");
    xo.padding(" ".repeat(26));
    xo.title("State");
    xo.endLine();
    for (const title of ["CPUSetID", "IP Address(es)"]) {
      xo.padding(" ".repeat(8));
      xo.title(title);
      xo.endLine();
    }
  } else if (layout === "default") {
    if (request.jailName) {
      for (const [title, min] of [
        ["JID", 15],
        ["IP Address", 15],
        ["Hostname", 29],
      ] as const) {
        xo.padding(" ");
        xo.title(title, { min, left: true });
      }
      xo.padding(" ");
    } else {
      xo.title("JID", { min: 6 });
      xo.padding("  ");
      xo.title("IP Address");
      xo.padding(" ".repeat(6));
      xo.title("Hostname");
      xo.padding(" ".repeat(22));
    }
    xo.title("Path");
    xo.endLine();
  } else if (request.header) {
    columns.forEach(({ parameter }, at) => {
      if (at > 0) xo.padding(" ");
      xo.text(parameter.name);
    });
    xo.padding("\n");
  }
}

/** Prints one jail. `row` has the values of the columns in order, and then those of the groups. */
export function printRow(
  xo: Xo,
  request: JlsRequest,
  layout: JlsLayout,
  columns: readonly JlsColumn[],
  row: readonly BaseValue[],
): void {
  xo.openInstance("jail");
  if (layout === "verbose") printVerbose(xo, columns, row);
  else if (layout === "default") printDefault(xo, request, columns, row);
  else printParameters(xo, request, columns, row);
  xo.close();
}

const HOSTNAME = { min: 29, left: true, size: 29 };
const PATH = { size: 74 };

function printVerbose(xo: Xo, columns: readonly JlsColumn[], row: readonly BaseValue[]): void {
  const [jid, hostname, path, name, dying, cpuset] = row;
  xo.value("jid", Number(jid), { min: 6 });
  xo.padding("  ");
  xo.value("hostname", String(hostname), HOSTNAME, {});
  xo.padding(" ");
  xo.value("path", String(path), PATH, {});
  xo.endLine();
  xo.padding(" ".repeat(8));
  xo.value("name", String(name), HOSTNAME, {});
  xo.padding(" ");
  xo.value("state", dying ? "DYING" : "ACTIVE", PATH);
  xo.endLine();
  xo.padding(" ".repeat(8));
  xo.value("cpusetid", Number(cpuset));
  xo.endLine();
  columns.forEach(({ parameter }, at) => {
    if (parameter.name === "ip4.addr") printAddresses(xo, "ipv4_addrs", row[at] ?? []);
    if (parameter.name === "ip6.addr") printAddresses(xo, "ipv6_addrs", row[at] ?? []);
  });
}

function printDefault(xo: Xo, request: JlsRequest, columns: readonly JlsColumn[], row: readonly BaseValue[]): void {
  const of = (name: string): BaseValue => row[columns.findIndex(({ parameter }) => parameter.name === name)] ?? "";
  if (request.jailName) {
    xo.padding(" ");
    xo.value("name", String(of("name")), { min: 15, left: true }, {});
    xo.padding(" ");
  } else {
    xo.value("jid", Number(of("jid")), { min: 6 });
    xo.padding("  ");
  }
  const addresses = of("ip4.addr");
  const first = Array.isArray(addresses) ? String(addresses[0] ?? "") : "";
  xo.value("ipv4", first, { min: 15, left: true, size: 15 }, {});
  xo.padding(" ");
  xo.value("hostname", String(of("host.hostname")), HOSTNAME, {});
  xo.padding(" ");
  xo.value("path", String(of("path")), PATH, {});
  xo.endLine();
}

function printParameters(xo: Xo, request: JlsRequest, columns: readonly JlsColumn[], row: readonly BaseValue[]): void {
  let printed = 0;
  columns.forEach(({ parameter, group }, at) => {
    const value = row[at] ?? null;
    if (request.skip && !parameter.key) {
      if (!parameter.entry.writable && !parameter.entry.tunable) return;
      if (group !== undefined && row[group] !== "new") return;
    }
    if (printed++ > 0) xo.padding(" ");
    if (parameter.key && value === null) {
      if (request.nameValue) xo.displayOnly(parameter.name, "%s");
      return;
    }
    if (request.nameValue) {
      if (parameter.entry.boolean) return printBoolean(xo, parameter, value === true);
      xo.displayOnly(parameter.name, "%s");
      xo.text("=");
    }
    printValue(xo, request, parameter, value);
  });
  xo.padding("\n");
}

function printBoolean(xo: Xo, parameter: BaseParameter, value: boolean): void {
  // What programs get of a negation is true whatever it is: base's way.
  xo.encodeOnly(parameter.name, value || parameter.negated ? "true" : "false", false);
  const other = parameter.negated ? (affirm(parameter.name) ?? "") : negate(parameter.name);
  xo.displayOnly(value ? parameter.name : other);
}

function printValue(xo: Xo, request: JlsRequest, parameter: BaseParameter, value: BaseValue): void {
  const lists = xo.style === "json" || xo.style === "xml";
  if (!lists && Array.isArray(value) && value.length === 0) {
    if (request.quoted) xo.padding('""');
    else if (!request.nameValue) xo.padding("-");
    return;
  }
  if (lists && (parameter.name === "ip4.addr" || parameter.name === "ip6.addr")) {
    return printAddresses(xo, parameter.name, value);
  }
  const text = exportValue(value);
  if (text === "") {
    xo.encodeOnly(parameter.name, "", true);
    xo.displayOnly('""', parameter.name);
    return;
  }
  const quote = text.includes("'") ? '"' : text.includes('"') ? "'" : /[ \t\n\v\f\r]/.test(text) ? '"' : "";
  if (quote !== "" && request.quoted) xo.padding(quote);
  xo.value(parameter.name, text);
  if (quote !== "" && request.quoted) xo.padding(quote);
}

function printAddresses(xo: Xo, name: string, value: BaseValue): void {
  xo.openList(name);
  for (const address of Array.isArray(value) ? value : []) {
    xo.padding(" ".repeat(8));
    xo.item(String(address));
    xo.padding("\n");
  }
  xo.close();
}
