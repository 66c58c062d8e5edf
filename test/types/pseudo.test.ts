import { expectTypeOf, it } from "vitest";
import type { PseudoParameters } from "../../lib/lifecycle/parameters.js";
import type { PSEUDO_PARAMETERS } from "../../lib/params/pseudo.js";

it("every parameter of jail(8) itself has a type and a kind", () => {
  expectTypeOf<keyof typeof PSEUDO_PARAMETERS>().toEqualTypeOf<keyof PseudoParameters>();
});
