import { OdoriError } from "../../contract/errors.ts";
import { quote } from "../../contract/grammar.ts";
import type { Manifest, ServiceEntry } from "../../manifest/manifest.ts";
import { type Explored, STATES_MAX } from "../check.ts";
import type { Finding } from "../finding.ts";
import { REDUCED, UNREDUCED } from "../reductions.ts";
import { type Deployed, Deployments } from "./deploy.ts";
import { fromOutside, type TwoStates } from "./mixture.ts";
import { type DeploymentOrder, findOrder, isProved } from "./order.ts";

/** Options of `checkRolling`. */
export interface RollingOptions {
  /**
   * The services to deploy, one after another. Services that have changed and are not named are
   * taken as deployed already. Without it, a safe order of all changed services is searched.
   */
  readonly services?: readonly string[];
  /**
   * Also explores that the new version is stopped again while both run.
   * @default false
   */
  readonly rollback?: boolean;
  /**
   * Stops an exploration after this many states.
   * @default 1_000_000
   */
  readonly statesMax?: number;
  /**
   * Stops after this time, with `NOT_EXHAUSTIVE`.
   * @default 30_000
   */
  readonly millisecondsMax?: number;
  /**
   * Explores one order of independent deliveries instead of all (partial-order reduction).
   * @default true
   */
  readonly reduction?: boolean;
}

/** Measures the exploration of one deployment. */
export interface DeploymentStep extends Explored {
  readonly service: string;
  readonly safe: boolean;
}

/** Holds the result of `checkRolling`. */
export interface RollingReport {
  /** True if no finding is an error, and everything was explored. */
  readonly ok: boolean;
  readonly choreography: string;
  readonly rollback: boolean;
  /** Services that differ between the two versions. */
  readonly changed: readonly string[];
  /** The deployments in order, up to the first one that is not safe. */
  readonly steps: readonly DeploymentStep[];
  readonly findings: readonly Finding[];
  /** An order that is safe. Absent if the order that was asked for is, or if none was searched. */
  readonly order?: DeploymentOrder;
  /** What was assumed, as sentences. */
  readonly assumptions: readonly string[];
}

const MILLISECONDS_MAX = 30_000;

/**
 * Checks a deployment against the sagas in flight: explores every saga while a service is old,
 * while instances of both versions run, and when only the new ones are left. Both versions share
 * their database, under the stored names of their parts. Throws `USAGE` for an unknown service.
 *
 * @example
 * ```ts
 * import { readFileSync } from "node:fs";
 * import { checkRolling } from "odori/check";
 * import { readManifest } from "odori/manifest";
 *
 * const read = (file: string) => readManifest(readFileSync(file, "utf8"), file);
 * const report = checkRolling(read("old.json"), read("new.json"), { services: ["payment"] });
 * for (const { code, message } of report.findings) console.log(code, message);
 * if (report.order?.safe) console.log(`Deploy ${report.order.safe.join(", then ")}.`);
 * ```
 */
export function checkRolling(
  old: Manifest,
  now: Manifest,
  options: RollingOptions = {},
): RollingReport {
  const { rollback = false, statesMax = STATES_MAX } = options;
  const change = { old, now };
  const changed = changedServices(change);
  const asked = options.services ?? [];
  for (const name of asked) checkKnown(change, name);
  const entered = performance.now();
  const left = () => (options.millisecondsMax ?? MILLISECONDS_MAX) - (performance.now() - entered);
  const reductions = options.reduction === false ? UNREDUCED : REDUCED;
  const deployments = new Deployments(change, rollback, reductions, () => ({
    statesMax,
    millisecondsMax: Math.max(1, left()),
  }));
  const searched = asked.length > 0 ? undefined : findOrder(deployments, changed, left);
  const deployed = deployAll(deployments, searched?.safe ?? (asked.length > 0 ? asked : changed));
  const findings = deployed.flatMap((one) => one.findings);
  const refused = deployed.some((one) => !isProved(one));
  const others = changed.some((name) => name !== asked[0]) && changed.length > 1;
  const order = searched ?? (refused && others ? findOrder(deployments, changed, left) : undefined);
  return {
    ok: !refused && (asked.length > 0 || searched?.safe !== null),
    choreography: now.name,
    rollback,
    changed,
    steps: deployed.map(stepOf),
    findings,
    ...(order !== undefined && { order }),
    assumptions: deploymentAssumptions(change, asked, changed),
  };
}

/** Explores deployments in order, up to the first one that is not safe. */
function deployAll(deployments: Deployments, order: readonly string[]): readonly Deployed[] {
  const done: Deployed[] = [];
  for (const [place, service] of order.entries()) {
    const deployed = deployments.explore({ service, waiting: new Set(order.slice(place + 1)) });
    done.push(deployed);
    if (!isProved(deployed)) break;
  }
  return done;
}

function stepOf(deployed: Deployed): DeploymentStep {
  const { service, exploration, milliseconds } = deployed;
  const { states, transitions, exhaustive } = exploration;
  return { service, safe: isProved(deployed), states, transitions, exhaustive, milliseconds };
}

function changedServices({ old, now }: TwoStates): readonly string[] {
  const names = [...new Set([...old.services.keys(), ...now.services.keys()])].sort();
  return names.filter((name) => textOf(old.services.get(name)) !== textOf(now.services.get(name)));
}

function textOf(entry: ServiceEntry | undefined): string {
  return JSON.stringify(entry ?? null, (_, value) => (value instanceof Map ? [...value] : value));
}

function checkKnown({ old, now }: TwoStates, name: string): void {
  if (old.services.has(name) || now.services.has(name)) return;
  const known = [...new Set([...old.services.keys(), ...now.services.keys()])].sort();
  throw new OdoriError("USAGE", `--rolling: no service is called ${quote(name)}.`, {
    hint: `The services are ${known.join(", ")}.`,
  });
}

function deploymentAssumptions(
  change: TwoStates,
  asked: readonly string[],
  changed: readonly string[],
): readonly string[] {
  const { succeeds, fails } = change.now;
  const outside = fromOutside(change);
  const already = asked.length === 0 ? [] : changed.filter((name) => !asked.includes(name));
  return [
    ...(outside.length > 0
      ? [`From outside come, each once or never: ${outside.join(", ")}.`]
      : []),
    ...(already.length > 0 ? [`Deployed already: ${already.join(", ")}.`] : []),
    ...(succeeds.length + fails.length === 0
      ? ["No ends are declared, so whether sagas end was not asked."]
      : []),
    "A deployment is shorter than retention.",
  ];
}
