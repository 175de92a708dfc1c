import type { Finding } from "../check/finding.ts";
import {
  checkRolling,
  type RollingOptions,
  type RollingReport,
} from "../check/rolling/check-rolling.ts";
import type { DeploymentOrder } from "../check/rolling/order.ts";
import { OdoriError } from "../contract/errors.ts";
import { sequenceMermaid, sequenceText } from "../draw/sequence.ts";
import { printable } from "../text/printable.ts";
import { FOUND, NOT_PROVED, paint, print, printJson } from "./output.ts";
import { count, seeTexts } from "./report/verdict.ts";
import { loadManifest } from "./source.ts";
import { TimeLimit } from "./time-limit.ts";

/** Holds the options of `odori check --from`. */
export interface RollingFlags {
  readonly json: boolean;
  readonly mermaid: boolean;
  readonly reduction: boolean;
  readonly states?: number;
  readonly seconds?: number;
  /** The old version: sources, separated by commas. */
  readonly from?: string;
  /** Services in order, separated by commas; true to search for an order. */
  readonly rolling?: string | true;
  readonly rollback: boolean;
  readonly watch: boolean;
  readonly format: readonly unknown[];
  readonly crashes: boolean;
  readonly mayPark?: boolean | string;
  readonly rule: readonly string[];
  readonly config?: string;
}

const SECONDS_MAX = 30;
/** For what is not exploration: to read the sources, and to compile the models. */
const GRACE_MS = 5_000;

/** Tells whether two versions are to be checked side by side. */
export function isRolling({ from, rolling, rollback }: RollingFlags): boolean {
  return from !== undefined || rolling !== undefined || rollback;
}

/**
 * Runs `odori check <new> --from <old>`: prints the report, and sets the exit status. Throws
 * `USAGE` and the errors of `loadManifest`.
 */
export async function runRolling(paths: readonly string[], flags: RollingFlags): Promise<void> {
  const { from, rolling } = flags;
  if (from === undefined || paths.length === 0)
    throw new OdoriError("USAGE", "Two versions are needed to check a deployment.", {
      hint: "Write odori check <new> --from <old> --rolling <service>.",
    });
  if (flags.watch || flags.format.length > 0)
    throw new OdoriError("USAGE", "A deployment is printed as text, or as JSON.", {
      hint: "Leave out --format and --watch; --json writes what a program reads.",
    });
  const { crashes, mayPark, rule, config } = flags;
  if (crashes || mayPark !== undefined || rule.length > 0 || config !== undefined)
    throw new OdoriError("USAGE", "A deployment is explored without these options.", {
      hint: "Leave out --crashes, --may-park, --rule and --config: odori check has them.",
    });
  const seconds = flags.seconds ?? SECONDS_MAX;
  const limit = new TimeLimit(seconds * 1_000 + GRACE_MS, () => timeout(seconds));
  const loaded = await loadManifest(from.split(","), (work) => limit.run(work));
  const now = await loadManifest(paths, (work) => limit.run(work));
  const [contradiction] = [...loaded.contradictions, ...now.contradictions];
  if (contradiction !== undefined)
    throw new OdoriError("USAGE", `The sources disagree: ${contradiction.message}.`, {
      hint: "Fix what odori check reports of each version by itself.",
    });
  const options: RollingOptions = {
    rollback: flags.rollback,
    reduction: flags.reduction,
    millisecondsMax: seconds * 1_000,
    ...(typeof rolling === "string" && { services: rolling.split(",") }),
    ...(flags.states !== undefined && { statesMax: flags.states }),
  };
  const exploring = new TimeLimit(seconds * 1_000 + GRACE_MS, () => timeout(seconds));
  const report = exploring.run(() => checkRolling(loaded.manifest, now.manifest, options));
  if (flags.json) printJson(report);
  else show(report, flags);
  if (report.findings.some(({ severity }) => severity === "error")) process.exitCode = FOUND;
  else if (!report.ok) process.exitCode = NOT_PROVED;
}

function timeout(seconds: number): OdoriError {
  return new OdoriError("CHECK_TIMEOUT", `The check is not done after ${seconds} seconds.`, {
    hint: "Raise --seconds, or check parts of the choreography separately.",
  });
}

function show(report: RollingReport, flags: RollingFlags): void {
  const colours = paint();
  const { steps, findings, changed, choreography, order, assumptions, ok } = report;
  const what = changed.length === 0 ? "nothing has changed" : `${changed.join(", ")} changed`;
  print(`${colours.bold(printable(choreography))}: ${printable(what)}`);
  for (const finding of findings) showFinding(finding, flags);
  print();
  for (const { service, safe, exhaustive, states, transitions, milliseconds } of steps) {
    const phases = report.rollback ? "old, both, new, and back" : "old, both, new";
    const explored = `${count(states, "state")}, ${count(transitions, "transition")}`;
    const size = `${explored}, ${milliseconds} ms`;
    const verdict = safe
      ? colours.good(`✓ ${printable(service)}: every saga ends as before`)
      : exhaustive
        ? colours.bad(`✗ ${printable(service)}: not safe`)
        : colours.bad(`? ${printable(service)}: not proved`);
    print(`${verdict}, while it is ${phases} (${size})`);
  }
  if (ok && steps.length === 0) print(colours.good("✓ nothing is to be deployed"));
  if (order !== undefined) print(orderText(order, changed));
  for (const assumption of assumptions) print(`  ${colours.dim(printable(assumption))}`);
  for (const line of seeTexts(findings)) print(`  ${colours.dim(line)}`);
}

function orderText({ safe, exhaustive, tried }: DeploymentOrder, changed: readonly string[]) {
  const colours = paint();
  const services = printable(changed.join(", "));
  if (safe !== null && safe.length > 0)
    return colours.good(`Safe order: ${printable(safe.join(", then "))}`);
  if (safe !== null) return colours.good("Any order is safe");
  return exhaustive
    ? colours.bad(`No order of ${services} is safe (${count(tried, "deployment")} tried)`)
    : colours.bad(`No safe order of ${services} was found, and not every one was tried`);
}

function showFinding(
  { code, severity, message, hint, trace = [] }: Finding,
  { mermaid }: RollingFlags,
): void {
  const colours = paint();
  const error = severity === "error";
  print();
  const mark = error ? colours.bad(`✗ ${code}`) : colours.undo(`! ${code}`);
  print(`${mark}  ${printable(message)}`);
  if (hint !== undefined) print(`  ${colours.dim(printable(hint))}`);
  if (trace.length === 0) return;
  print();
  if (mermaid) print(sequenceMermaid(trace).trimEnd());
  else {
    for (const line of sequenceText(trace, colours)) print(`    ${line}`);
    print(`    ${colours.bad(`✗ ${printable(message)}`)}`);
  }
}
