import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { expect } from "vitest";

const compiled = new Map<string, ValidateFunction>();

/** A published schema as it is. */
export function schemaOf(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(__dirname, `../../schemas/${name}.json`), "utf8")) as Record<string, unknown>;
}

/** Holds a text against the published schema of that name; what it says as JSON. */
export function fitting<T = Record<string, unknown>>(name: string, text: string): T {
  const ajv = () => new Ajv2020({ allErrors: true, strictTypes: true, allowUnionTypes: true });
  const validate = compiled.get(name) ?? ajv().compile(schemaOf(name));
  compiled.set(name, validate);
  const value: unknown = JSON.parse(text);
  expect(validate(value), `${text}\n${JSON.stringify(validate.errors)}`).toBe(true);
  return value as T;
}
