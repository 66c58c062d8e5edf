import { type Conf, type ConfOptions, loadConf, parseConf } from "../conf/load.js";
import type { ConfProblem, ResolvedJail } from "../conf/model.js";
import type { JailDefinition } from "./parameters.js";

/** The jails of a configuration, and what is wrong with it. */
export interface ReadDefinitions {
  /** Those that can be used, in the order of the text. */
  readonly jails: readonly JailDefinition[];
  /** Every mistake; one with `jail` keeps that jail from being used, one without keeps all of them. */
  readonly problems: readonly ConfProblem[];
}

/** The definitions of a jail.conf(5) file with all that it includes. Nothing is thrown: what is wrong is in `problems`. */
export function readDefinitions(file: string, options?: ConfOptions): ReadDefinitions {
  return definitionsOf(loadConf(file, options));
}

/** The definitions of a jail.conf(5) text. @param name what the text is called in problems */
export function parseDefinitions(text: string, name = "jail.conf", options?: ConfOptions): ReadDefinitions {
  return definitionsOf(parseConf({ name, text }, options));
}

/** The definitions of a configuration that was read. */
export function definitionsOf({ jails, problems }: Pick<Conf, "jails" | "problems">): ReadDefinitions {
  return { jails: jails.filter(({ failed }) => !failed).map(definitionOf), problems };
}

function definitionOf({ name, parameters }: ResolvedJail): JailDefinition {
  const values: Record<string, unknown> = {};
  let own = name;
  for (const { name: parameter, values: texts } of parameters) {
    const [first, ...others] = texts;
    // A block that is named by a jid may name its jail.
    if (parameter === "name") own = first ?? name;
    else values[parameter] = first === undefined ? true : others.length === 0 ? first : texts;
  }
  return { name: own, parameters: values };
}
