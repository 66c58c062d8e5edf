import { describe, expectTypeOf, it } from "vitest";
import type * as api from "../../lib/index.js";

type Async = PromiseLike<unknown> | AsyncIterable<unknown>;
type Last<Arguments extends readonly unknown[]> =
  Required<Arguments> extends readonly [...unknown[], infer L] ? L : never;

/** Whether the last argument of an asynchronous function has a `signal`. */
type TakesSignal<F> = F extends (...args: infer Arguments) => Async
  ? [Last<Arguments>] extends [never]
    ? false
    : "signal" extends keyof NonNullable<Last<Arguments>>
      ? true
      : false
  : true;

/** The names of an object's asynchronous methods that take none. */
type Lacking<T> = {
  [Name in Extract<keyof T, string>]: TakesSignal<T[Name]> extends true ? never : Name;
}[Extract<keyof T, string>];

/** The same of everything that a module exports: functions, and the methods and statics of classes. */
type LackingIn<Module> =
  | Lacking<Module>
  | {
      [Name in keyof Module]: Module[Name] extends { readonly prototype: infer Instance }
        ? 0 extends 1 & Instance // a function: its prototype is of type any
          ? never
          : Lacking<Instance> | Lacking<Omit<Module[Name], "prototype" | keyof typeof Error>>
        : never;
    }[keyof Module];

declare class Example {
  without(): Promise<void>;
  other(options: { timeout: number }): Promise<void>;
  iterates(name: string): AsyncIterable<string>;
  takes(name: string, options?: { signal?: AbortSignal | undefined }): Promise<void>;
  quick(): number;
  static open(name: string): Promise<Example>;
}

describe("every asynchronous function of the public surface", () => {
  it("takes a signal", () => {
    expectTypeOf<LackingIn<typeof api>>().toEqualTypeOf<never>();
  });

  it("is looked at: one without a signal is named", () => {
    expectTypeOf<LackingIn<{ Example: typeof Example }>>().toEqualTypeOf<"without" | "other" | "iterates" | "open">();
  });
});
