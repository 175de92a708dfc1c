import type { CrashExploration } from "./crash-model.ts";
import type { Exploration } from "./explore.ts";
import type { Finding } from "./finding.ts";
import type { Model } from "./model.ts";

/** Returns the result of an exploration that was not made. */
export function unexplored({ reactions, deadlines }: Model): Exploration {
  const [ran, fired] = [new Uint8Array(reactions.length), new Uint8Array(deadlines.length)];
  return {
    states: 0,
    transitions: 0,
    exhaustive: false,
    counterexamples: [],
    ran,
    acknowledged: ran,
    fired,
    succeeded: false,
  };
}

/** Returns a warning for each part that was not explored, so is not proved. */
export function unexploredFindings(
  unlinked: readonly string[],
  exploration: Exploration,
  crashes: CrashExploration | undefined,
): readonly Finding[] {
  if (unlinked.length > 0) return [unknownLinks(unlinked)];
  return [
    ...(exploration.exhaustive ? [] : [notExhaustive("exploration", exploration)]),
    ...(crashes?.exhaustive === false ? [notExhaustive("the crash model", crashes)] : []),
  ];
}

function unknownLinks(services: readonly string[]): Finding {
  const names = `${services.slice(0, 5).join(", ")}${services.length > 5 ? ", …" : ""}`;
  return {
    code: "UNKNOWN_LINKS",
    severity: "warning",
    message: `the links of ${names} are unknown, so nothing was explored`,
    hint: "Write them into an overlay: odori link init <document…> > links.yaml",
    at: {},
  };
}

function notExhaustive(what: string, { states }: { readonly states: number }): Finding {
  return {
    code: "NOT_EXHAUSTIVE",
    severity: "warning",
    message: `${what} stopped after ${states} states; the rest is not proved`,
    hint: "Raise --states or --seconds, or check parts of the choreography separately.",
    at: {},
  };
}
