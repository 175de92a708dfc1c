import { RETENTION_MS } from "../contract/retention.ts";
import { flowGraph } from "../manifest/graph.ts";
import { oneEventPerLineage } from "../manifest/lineage.ts";
import type { Manifest } from "../manifest/manifest.ts";
import type { Contradiction } from "../manifest/merge.ts";
import { compile } from "./compile.ts";
import { type CrashExploration, exploreCrashes } from "./crash-model.ts";
import { type Exploration, explore } from "./explore.ts";
import type { Finding } from "./finding.ts";
import { type LintOptions, lint } from "./lint/lint.ts";
import type { Model } from "./model.ts";
import { REDUCED, UNREDUCED } from "./reductions.ts";
import { RepairSearch } from "./repair.ts";
import { staticFindings, unreached } from "./static.ts";
import { partSuppressed, type Suppressed } from "./suppress.ts";
import { counterexampleTrace } from "./trace.ts";
import { violationKey } from "./violation.ts";

/** Options of `check`. */
export interface CheckOptions {
  /**
   * Stops after this many states, with the warning `NOT_EXHAUSTIVE`.
   * @default 1_000_000
   */
  readonly statesMax?: number;
  /**
   * Stops after this time, with the warning `NOT_EXHAUSTIVE`. A million states take a few seconds.
   * Exploration, the crash model and repairs share it.
   * @default 30_000
   */
  readonly millisecondsMax?: number;
  /**
   * Explores one order of independent deliveries, and one of several legs that look alike. Without
   * it, exploration is much slower and the findings are the same.
   * @default true
   */
  readonly reduction?: boolean;
  /** Called every few thousand states, with the numbers so far. */
  readonly onProgress?: (states: number, transitions: number) => void;
  /** Contradictions from `mergeManifests`, to be reported as findings. */
  readonly contradictions?: readonly Contradiction[];
  /** Severities and limits of the lint rules. */
  readonly lint?: LintOptions;
  /**
   * Searches for repairs of each counterexample.
   * @default true
   */
  readonly repairs?: boolean;
  /**
   * For how long a service remembers a saga of which it hears nothing, in milliseconds: the
   * `retentionMs` of `start`.
   * @default 30 days
   */
  readonly retentionMs?: number;
  /**
   * Also explores the crash model, in which a process may crash within a delivery.
   * @default false
   */
  readonly crashes?: boolean;
}

/** Measures one exploration. */
export interface Explored {
  readonly states: number;
  readonly transitions: number;
  /** True if every reachable state was visited. */
  readonly exhaustive: boolean;
  readonly milliseconds: number;
}

/** Holds the result of `check`. */
export interface Report {
  /** True if no finding is an error. */
  readonly ok: boolean;
  readonly choreography: string;
  readonly explored: Explored;
  readonly findings: readonly Finding[];
  /** Findings that the manifest accepts, each with its reason. */
  readonly suppressed: readonly Suppressed[];
  /** Measures the exploration of the crash model. Present if `crashes` was set. */
  readonly crashes?: {
    readonly states: number;
    readonly exhaustive: boolean;
    /** How many crashes a run may contain. */
    readonly crashes: number;
  };
}

/** Default number of states after which exploration stops. */
export const STATES_MAX = 1_000_000;
const MILLISECONDS_MAX = 30_000;
/** Each further crash multiplies the states. One crash covers every crash point. */
const CRASHES = 1;

/**
 * Checks a choreography: explores every interleaving, duplicate and failure of one saga, and lints
 * the declarations. Reports problems as findings, and never throws for them.
 *
 * @example
 * ```ts
 * import { check, manifestOf } from "odori/check";
 * import order from "./choreography.ts";
 *
 * const { ok, findings } = check(manifestOf(order), { statesMax: 100_000 });
 * for (const { code, message } of findings) console.log(code, message);
 * process.exitCode = ok ? 0 : 1;
 * ```
 */
export function check(declared: Manifest, options: CheckOptions = {}): Report {
  const manifest = oneEventPerLineage(declared);
  const {
    statesMax = STATES_MAX,
    millisecondsMax = MILLISECONDS_MAX,
    contradictions = [],
  } = options;
  const entered = performance.now();
  const left = () => millisecondsMax - (performance.now() - entered);
  const { retentionMs = RETENTION_MS } = options;
  const reductions = options.reduction === false ? UNREDUCED : REDUCED;
  const model = compile(manifest, { retentionMs, reductions });
  const began = performance.now();
  const unlinked = [...manifest.services.values()]
    .filter((service) => service.unlinked)
    .map(({ name }) => name);
  const exploration =
    unlinked.length > 0
      ? unexplored(model)
      : explore(model, { ...options, statesMax, millisecondsMax: left() });
  const milliseconds = Math.round((performance.now() - began) * 10) / 10;
  const graph = flowGraph(manifest);
  const crashes =
    options.crashes === true && unlinked.length === 0
      ? exploreCrashes(compile(manifest, { retentionMs }), {
          statesMax,
          millisecondsMax: left(),
          crashes: CRASHES,
        })
      : undefined;
  const repairSearch =
    options.repairs === false
      ? undefined
      : new RepairSearch(manifest, model, exploration, {
          retentionMs,
          reductions: REDUCED,
          millisecondsMax: left(),
        });
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
    const finding: Finding = {
      code,
      severity: "error",
      message,
      at,
      trace: counterexampleTrace(first, steps),
    };
    const repairs = repairSearch?.repairsFor(finding, violationKey(violation)) ?? [];
    return [repairs.length === 0 ? finding : { ...finding, repairs }];
  });
}

/**
 * Returns the violations that only the crash model shows. There are none, unless the plain model
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
        message: `${message}, if a process crashes within a delivery`,
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
  const names = `${services.slice(0, 5).join(", ")}${services.length > 5 ? ", …" : ""}`;
  return {
    code: "UNKNOWN_LINKS",
    severity: "warning",
    message: `the links of ${names} are unknown, so nothing was explored`,
    hint: "Add x-odori-reaction to the operations of its document, or write a manifest.",
    at: {},
  };
}

function contradictory({ message, event, service }: Contradiction): Finding {
  const at = { ...(service !== undefined && { service }), ...(event !== undefined && { event }) };
  return {
    code: "CONTRADICTION",
    severity: "error",
    message,
    hint: "Correct one of the two sources.",
    at,
  };
}

function notExhaustive({ states }: Exploration): Finding {
  return {
    code: "NOT_EXHAUSTIVE",
    severity: "warning",
    message: `exploration stopped after ${states} states; the rest is not proved`,
    hint: "Raise --states or --seconds, or check parts of the choreography separately.",
    at: {},
  };
}
