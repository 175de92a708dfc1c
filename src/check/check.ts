import { RETENTION_MS } from "../contract/retention.ts";
import type { Contradiction } from "../manifest/contradiction.ts";
import { flowGraph } from "../manifest/graph.ts";
import { oneEventPerLineage } from "../manifest/lineage.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { type Assumption, assumptionsOf } from "./assumptions.ts";
import { compile } from "./compile.ts";
import { type CrashExploration, exploreCrashes } from "./crash-model.ts";
import { emptyUndosTold } from "./empty-undos.ts";
import { type Exploration, explore } from "./explore.ts";
import type { CounterexampleStep, Finding, FindingCode } from "./finding.ts";
import { type LintOptions, lint } from "./lint/lint.ts";
import type { Model } from "./model.ts";
import { outlivingDeadlines } from "./outliving.ts";
import { REDUCED, UNREDUCED } from "./reductions.ts";
import { RepairSearch } from "./repair.ts";
import { staticFindings, unreached } from "./static.ts";
import { partSuppressed, type Suppressed } from "./suppress.ts";
import { suppressedDeliveries } from "./suppressed-deliveries.ts";
import { counterexampleTrace } from "./trace.ts";
import { unexplored, unexploredFindings } from "./unexplored.ts";
import { unknownVersions } from "./unknown-names.ts";
import { type Violation, violationKey } from "./violation.ts";

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
  /**
   * Explores that services give up on any delivery: all services, or those named. Adds to what the
   * manifest says with `mayPark`.
   * @default false
   */
  readonly mayPark?: boolean | readonly string[];
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
  /** True if no finding is an error, and every reachable state was explored. */
  readonly ok: boolean;
  readonly choreography: string;
  readonly explored: Explored;
  readonly findings: readonly Finding[];
  /** Findings that the manifest accepts, each with its reason. */
  readonly suppressed: readonly Suppressed[];
  /** The conditions of the proof: it says nothing about sagas for which one does not hold. */
  readonly assumptions: readonly Assumption[];
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
  const manifest = parking(oneEventPerLineage(declared), options.mayPark ?? false);
  const {
    statesMax = STATES_MAX,
    millisecondsMax = MILLISECONDS_MAX,
    contradictions = [],
  } = options;
  const entered = performance.now();
  const left = () => millisecondsMax - (performance.now() - entered);
  const { retentionMs = RETENTION_MS } = options;
  const reductions = options.reduction === false ? UNREDUCED : REDUCED;
  const plain = compile(manifest, { retentionMs });
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
      ? exploreCrashes(plain, {
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
    ...unknownVersions(declared),
    ...behaviour([model, plain], exploration, repairSearch),
    ...(crashes === undefined ? [] : onlyWithCrashes(crashes, exploration)),
    ...unreached(manifest, model, exploration),
    ...emptyUndosTold(manifest, model, exploration),
    ...(unlinked.length > 0
      ? []
      : outlivingDeadlines(manifest, { statesMax, millisecondsMax: left() })),
    ...unexploredFindings(unlinked, exploration, crashes),
    ...lint(manifest, graph, options.lint),
  ]);
  const { states, transitions, exhaustive } = exploration;
  const proved = exhaustive && crashes?.exhaustive !== false;
  const ok = proved && findings.every(({ severity }) => severity !== "error");
  return {
    ok,
    choreography: manifest.name,
    explored: { states, transitions, exhaustive, milliseconds },
    findings,
    suppressed,
    assumptions: assumptionsOf(manifest, model, retentionMs),
    ...(crashes && {
      crashes: { states: crashes.states, exhaustive: crashes.exhaustive, crashes: CRASHES },
    }),
  };
}

/** Returns the manifest with more services that may park. */
function parking(manifest: Manifest, which: boolean | readonly string[]): Manifest {
  const parks = (name: string) => (typeof which === "boolean" ? which : which.includes(name));
  const services = [...manifest.services].map(
    ([name, service]) => [name, { ...service, mayPark: service.mayPark || parks(name) }] as const,
  );
  return { ...manifest, services: new Map(services) };
}

/** `plain` is the same choreography without reductions. */
function behaviour(
  [model, plain]: readonly [Model, Model],
  { counterexamples }: Exploration,
  repairSearch: RepairSearch | undefined,
): readonly Finding[] {
  return counterexamples.flatMap((counterexample) => {
    const { violation, beginning, steps } = counterexample;
    const first = model.beginnings[beginning];
    if (first === undefined) return [];
    const { code, service, event } = violation;
    const between = suppressedDeliveries(plain, counterexample);
    const trace = counterexampleTrace(first, steps, between);
    const message = withSuppressed(violation, trace);
    const at = { ...(service !== undefined && { service }), ...(event !== undefined && { event }) };
    const finding: Finding = {
      code,
      severity: "error",
      message,
      at,
      trace,
    };
    const repairs = repairSearch?.repairsFor(finding, violationKey(violation)) ?? [];
    return [repairs.length === 0 ? finding : { ...finding, repairs }];
  });
}

/** Codes that say that something did not happen: a suppressed delivery may be the cause. */
const MISSING = new Set<FindingCode>(["STUCK", "PARKED_STUCK", "LOCK_LEAK"]);

function withSuppressed(
  { code, message }: Violation,
  trace: readonly CounterexampleStep[],
): string {
  const last = trace.findLast(({ does }) => does === "suppresses it");
  if (!MISSING.has(code) || last === undefined) return message;
  return `${message}; ${last.service} suppressed ${last.hears}, since ${last.why}`;
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

function contradictory({ code, message, event, service }: Contradiction): Finding {
  const at = { ...(service !== undefined && { service }), ...(event !== undefined && { event }) };
  return { code, severity: "error", message, hint: CONTRADICTION_HINTS[code], at };
}

const CONTRADICTION_HINTS: Readonly<Record<Contradiction["code"], string>> = {
  CONTRADICTION: "Correct one of the two sources.",
  LINKS_UNKNOWN: "Correct the name, or suppress this with the reason why no document has it.",
  LINKS_INCOMPLETE: "Add the link, or suppress this with the reason why the saga needs none.",
};
