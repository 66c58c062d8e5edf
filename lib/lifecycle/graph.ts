/** A need of one jail for another. */
export interface Need {
  readonly name: string;
  /** `"parent"`: the other must exist; `"depend"`: it must be up entirely. */
  readonly kind: "parent" | "depend";
}

/** A jail as the graph sees it. */
export interface GraphNode {
  readonly name: string;
  readonly depend: readonly string[];
}

/** Why a jail cannot have its place in the order. */
export type GraphProblem =
  | { readonly jail: string; readonly kind: "cycle"; readonly path: readonly string[] }
  | { readonly jail: string; readonly kind: "undefined"; readonly need: string };

/** What is wrong, in words. */
export function graphProblemText(problem: GraphProblem): string {
  return problem.kind === "cycle"
    ? `dependency loop: ${problem.path.join(" -> ")}`
    : `depends on undefined jail "${problem.need}"`;
}

/** The jails that a run is about, with what each waits for. */
export interface Graph {
  /** Needs of each jail: of those that are wanted in that order, then of the others in the order of the definitions. */
  readonly needs: ReadonlyMap<string, readonly Need[]>;
  readonly problems: readonly GraphProblem[];
}

/** The names above a dotted name, nearest first. */
export function ancestors(name: string): string[] {
  const parts = name.split(".");
  return parts.slice(0, -1).map((_, index) => parts.slice(0, parts.length - 1 - index).join("."));
}

/**
 * The jails to run and their needs: those of `wanted` and, from `nodes`, all that they need.
 *
 * @param known whether a jail that is not among `nodes` is there already, so that it may be needed
 */
export function buildGraph(
  nodes: readonly GraphNode[],
  wanted: readonly string[],
  known: (name: string) => boolean = () => false,
): Graph {
  const defined = new Map(nodes.map((node) => [node.name, node]));
  const included = new Set<string>();
  const problems: GraphProblem[] = [];
  const queue = [...wanted];
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const node = defined.get(name);
    if (node === undefined || included.has(name)) continue;
    included.add(name);
    for (const need of node.depend) {
      if (defined.has(need)) queue.push(need);
      else if (!known(need)) problems.push({ jail: name, kind: "undefined", need });
    }
    const parent = ancestors(name).find((above) => defined.has(above));
    if (parent !== undefined) queue.push(parent);
  }
  const needs = new Map<string, readonly Need[]>();
  // Those that are wanted come in the order in which they are.
  for (const name of new Set([...wanted, ...nodes.map((node) => node.name)])) {
    const depend = defined.get(name)?.depend;
    if (depend === undefined || !included.has(name)) continue;
    const own: Need[] = [...new Set(depend)]
      .filter((need) => included.has(need))
      .map((need) => ({ name: need, kind: "depend" }));
    const parent = ancestors(name).find((above) => included.has(above));
    if (parent !== undefined && !depend.includes(parent)) own.push({ name: parent, kind: "parent" });
    needs.set(name, own);
  }
  return { needs, problems: [...problems, ...findCycles(needs)] };
}

/** Every jail that lies on a cycle, each cycle told once as a path that begins and ends with the same name. */
function findCycles(needs: ReadonlyMap<string, readonly Need[]>): GraphProblem[] {
  const problems: GraphProblem[] = [];
  const state = new Map<string, "open" | "closed">();
  for (const start of needs.keys()) {
    // A walk without recursion: definitions may be chained by the thousand.
    const path: { name: string; next: number }[] = [];
    const enter = (name: string) => {
      state.set(name, "open");
      path.push({ name, next: 0 });
    };
    if (!state.has(start)) enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const need = needs.get(top.name)?.[top.next++];
      if (need === undefined) {
        state.set(top.name, "closed");
        path.pop();
      } else if (!state.has(need.name)) enter(need.name);
      else if (state.get(need.name) === "open") {
        const names = path.map((step) => step.name);
        const cycle = [...names.slice(names.indexOf(need.name)), need.name];
        problems.push({ jail: need.name, kind: "cycle", path: cycle });
      }
    }
  }
  return problems;
}

/** The same needs turned round: who must be gone before a jail may go. */
export function reverseNeeds(needs: ReadonlyMap<string, readonly Need[]>): Map<string, Need[]> {
  const reversed = new Map<string, Need[]>([...needs.keys()].map((name) => [name, []]));
  for (const [name, own] of needs) {
    for (const need of own) reversed.get(need.name)?.push({ name, kind: need.kind });
  }
  return reversed;
}

/** Names so that each comes after what it needs. */
export function inOrder(
  names: readonly string[],
  needs: ReadonlyMap<string, readonly { readonly name: string }[]>,
): string[] {
  const placed = new Set<string>();
  const left = [...names];
  while (left.length > 0) {
    const at = left.findIndex((name) => (needs.get(name) ?? []).every((need) => placed.has(need.name)));
    // A loop is a problem of its own; its jails still have a place.
    const [name] = left.splice(Math.max(at, 0), 1);
    placed.add(name as string);
  }
  return [...placed];
}
