import { createHash } from "node:crypto";
import type { JailDefinition } from "../parameters.js";

/** A value in JSON with sorted keys, so that the same meaning has one text. */
function stableJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === "bigint") return inner.toString();
    if (inner === null || typeof inner !== "object" || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** A short word for a value: the same one exactly where the value means the same. */
export function digest(value: unknown): string {
  return createHash("sha256").update(stableJson(value)).digest("hex").slice(0, 32);
}

/** The parameters of a definition as they can be written down. */
export function plainParameters(definition: JailDefinition): Record<string, unknown> {
  return JSON.parse(stableJson(definition.parameters)) as Record<string, unknown>;
}
