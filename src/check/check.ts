import { flowGraph } from "../manifest/graph.ts";
import type { Manifest } from "../manifest/manifest.ts";
import type { Contradiction } from "../manifest/merge.ts";
import { compile } from "./compile.ts";
import { type CrashExploration, exploreCrashes } from "./crash-model.ts";
import { type Exploration, explore } from "./explore.ts";
import type { Finding } from "./finding.ts";
import { type LintOptions, lint } from "./lint/lint.ts";
import type { Model } from "./model.ts";
import { RepairSearch } from "./repair.ts";
import { staticFindings, unreached } from "./static.ts";
import { partSuppressed, type Suppressed } from "./suppress.ts";
import { counterexampleTrace } from "./trace.ts";
import { violationKey } from "./violation.ts";

export interface CheckOptions {
  /** How many states to visit at most; beyond that `NOT_EXHAUSTIVE` says so. Default 1,000,000. */
  readonly statesMax?: number;
  /**
   * How long to explore at most; beyond that `NOT_EXHAUSTIVE` says so. Default 30,000: a million
   * states take a few seconds.
   */
  readonly millisecondsMax?: number;
  /**
   * Partial-order reduction: explores one order of independent deliveries instead of all. Slower
   * without, with the same findings.
   * @default true
   */
  readonly reduction?: boolean;
  readonly onProgress?: (states: number, transitions: number) => void;
  /** What merging several manifests has found. */
  readonly contradictions?: readonly Contradiction[];
  readonly lint?: LintOptions;
  /** Whether to look for repairs. Default true. */
  readonly repairs?: boolean;
  /** Explores with the finer model too, in which processes die in the middle of a delivery. */
  readonly crashes?: boolean;
}

export interface Explored {
  readonly states: number;
  readonly transitions: number;
  /** Whether every state was visited. */
  readonly exhaustive: boolean;
  readonly milliseconds: number;
}

export interface Report {
  /** Whether no finding is an error. */
  readonly ok: boolean;
  readonly choreography: string;
  readonly explored: Explored;
  readonly findings: readonly Finding[];
  /** Findings that the manifest accepts. */
  readonly suppressed: readonly Suppressed[];
  /** What the finer model explored. */
  readonly crashes?: {
    readonly states: number;
    readonly exhaustive: boolean;
    readonly crashes: number;
  };
}

export const STATES_MAX = 1_000_000;
const MILLISECONDS_MAX = 30_000;
/** Each death more multiplies the states. One shows every place in which a process can die. */
const CRASHES = 1;

/**
 * Explores every interleaving, duplicate and failure of a choreography, and reports what can go
 * wrong.
 */
export function check(manifest: Manifest, options: CheckOptions = {}): Report {
  const {
    statesMax = STATES_MAX,
    millisecondsMax = MILLISECONDS_MAX,
    contradictions = [],
  } = options;
  const model = compile(manifest);
  const began = performance.now();
  const unlinked = [...manifest.services.values()]
    .filter((service) => service.unlinked)
    .map(({ name }) => name);
  const exploration =
    unlinked.length > 0
      ? unexplored(model)
      : explore(model, { ...options, statesMax, millisecondsMax });
  const milliseconds = Math.round((performance.now() - began) * 10) / 10;
  const graph = flowGraph(manifest);
  const crashes =
    options.crashes === true && unlinked.length === 0
      ? exploreCrashes(model, { statesMax, crashes: CRASHES })
      : undefined;
  const repairSearch =
    options.repairs === false ? undefined : new RepairSearch(manifest, model, exploration);
  const { open: findings, suppressed } = partSuppressed(manifest, [
    ...contradictions.map(contradictory),
    ...staticFindings(manifest, graph),
    ...behaviour(model, exploration, repairSearch),
    ...(crashes === undefined ? [] : onlyWithCrashes(crashes, exploration)),
    ...unreached(manifest, model, exploration),
    ...(unlinked.length > 0
      ? [unknownLinks(unlinked)]
      : exploration.exhaustive
        ? []
        : [notExhaustive(exploration)]),
    ...lint(manifest, graph, options.lint),
  ]);
  const { states, transitions, exhaustive } = exploration;
  const ok = findings.every(({ severity }) => severity !== "error");
  return {
    ok,
    choreography: manifest.name,
    explored: { states, transitions, exhaustive, milliseconds },
    findings,
    suppressed,
    ...(crashes && {
      crashes: { states: crashes.states, exhaustive: crashes.exhaustive, crashes: CRASHES },
    }),
  };
}

function behaviour(
  model: Model,
  { counterexamples }: Exploration,
  repairSearch: RepairSearch | undefined,
): readonly Finding[] {
  return counterexamples.flatMap(({ violation, beginning, steps }) => {
    const first = model.beginnings[beginning];
    if (first === undefined) return [];
    const { code, message, service, event } = violation;
    const at = { ...(service !== undefined && { service }), ...(event !== undefined && { event }) };
    const finding: Finding = { code, severity: "error", message, at, trace: counterexampleTrace(first, steps) };
    const repairs = repairSearch?.repairsFor(finding, violationKey(violation)) ?? [];
    return [repairs.length === 0 ? finding : { ...finding, repairs }];
  });
}

/**
 * What only shows when a process dies in the middle of a delivery: nothing, unless the coarse model
 * is wrong.
 */
function onlyWithCrashes(
  { violations }: CrashExploration,
  { counterexamples }: Exploration,
): readonly Finding[] {
  const known = new Set(counterexamples.map(({ violation }) => violationKey(violation)));
  return violations
    .filter((violation) => !known.has(violationKey(violation)))
    .map(({ code, message, service, event }) => {
      const at = {
        ...(service !== undefined && { service }),
        ...(event !== undefined && { event }),
      };
      return {
        code,
        severity: "error",
        message: `${message}, where a process dies in the middle`,
        at,
      };
    });
}

function unexplored({ reactions, deadlines }: Model): Exploration {
  const [ran, fired] = [new Uint8Array(reactions.length), new Uint8Array(deadlines.length)];
  return {
    states: 0,
    transitions: 0,
    exhaustive: false,
    counterexamples: [],
    ran,
    fired,
    succeeded: false,
  };
}

function unknownLinks(services: readonly string[]): Finding {
  return {
    code: "UNKNOWN_LINKS",
    severity: "warning",
    message: `what follows from what is not known of ${services.slice(0, 5).join(", ")}${services.length > 5 ? ", …" : ""}: nothing was explored`,
    hint: "Its document has no x-odori-reaction on its operations: add it, or write a manifest.",
    at: {},
  };
}

function contradictory({ message, event, service }: Contradiction): Finding {
  const at = { ...(service !== undefined && { service }), ...(event !== undefined && { event }) };
  return {
    code: "CONTRADICTION",
    severity: "error",
    message,
    hint: "Let one of the two say what is true.",
    at,
  };
}

function notExhaustive({ states }: Exploration): Finding {
  return {
    code: "NOT_EXHAUSTIVE",
    severity: "warning",
    message: `stopped after ${states} states, before all were seen: what was not reached is not proved`,
    hint: "Allow more states or more time, or check parts of the choreography by themselves.",
    at: {},
  };
}
