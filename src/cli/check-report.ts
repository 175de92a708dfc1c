import { type CheckOptions, check, type Report } from "../check/check.ts";
import { parseRule } from "../check/config.ts";
import type { Finding } from "../check/finding.ts";
import { RULES } from "../check/lint/lint.ts";
import { repairText } from "../check/repair-text.ts";
import { OdoriError } from "../contract/errors.ts";
import { sequenceMermaid, sequenceText } from "../draw/sequence.ts";
import { flowGraph } from "../manifest/graph.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { printable } from "../text/printable.ts";
import { shortType } from "../text/short.ts";
import { projectConfig } from "./config.ts";
import { configFile } from "./config-file.ts";
import { FOUND, paint, print, printJson } from "./output.ts";
import { loadManifest } from "./source.ts";
import { TimeLimit } from "./time-limit.ts";

/** Holds the parsed options of `odori check`. */
export interface CheckFlags {
  readonly json: boolean;
  readonly mermaid: boolean;
  readonly reduction: boolean;
  readonly crashes: boolean;
  readonly repairs: boolean;
  readonly states?: number;
  readonly seconds?: number;
  readonly config?: string;
  readonly rule: readonly string[];
  readonly listRules: boolean;
}

const SECONDS_MAX = 30;
/** For what is not exploration: to compile the model, and to lint; also to read the sources. */
const GRACE_MS = 5_000;

/**
 * Runs `odori check`: prints the report, and sets the exit status to 1 if there are errors.
 * Throws `USAGE`, `CONFIG_INVALID` and the errors of `loadManifest`.
 */
export async function runCheck(paths: readonly string[], flags: CheckFlags): Promise<void> {
  if (flags.listRules) {
    listRules(flags);
    return;
  }
  if (paths.length === 0)
    throw new OdoriError("USAGE", "check needs at least one source.", {
      hint: "Pass a module, a manifest or an AsyncAPI document.",
    });
  const seconds = flags.seconds ?? SECONDS_MAX;
  // Exploration ends by itself. These bound what a file from elsewhere makes of all other work.
  const limit = () => new TimeLimit(seconds * 1_000 + GRACE_MS, () => timeout(seconds));
  const loading = limit();
  const { manifest, contradictions } = await loadManifest(paths, (work) => loading.run(work));
  const config = projectConfig(configFile(flags.config)).check;
  const options: CheckOptions = {
    reduction: flags.reduction,
    crashes: flags.crashes,
    repairs: flags.repairs,
    contradictions,
    lint: {
      rules: { ...config.rules, ...Object.fromEntries(flags.rule.map(parseRule)) },
      limits: config.limits ?? {},
    },
    onProgress: progress,
    millisecondsMax: seconds * 1_000,
    ...((flags.states ?? config.statesMax) !== undefined && {
      statesMax: flags.states ?? config.statesMax,
    }),
  };
  let report: Report;
  try {
    report = limit().run(() => check(manifest, options));
  } finally {
    clearProgress();
  }
  if (flags.json) printJson(report);
  else show(manifest, report, flags);
  if (!report.ok) process.exitCode = FOUND;
}

function timeout(seconds: number): OdoriError {
  return new OdoriError("CHECK_TIMEOUT", `The check is not done after ${seconds} seconds.`, {
    hint: "Raise --seconds, or check parts of the choreography separately.",
  });
}

function listRules({ json }: CheckFlags): void {
  if (json) printJson({ rules: RULES });
  else
    for (const { code, severity, reason, hint } of RULES)
      print(`${code} (${severity})\n  ${reason}\n  ${hint}`);
}

function show(
  manifest: Manifest,
  { ok, explored, findings, suppressed, choreography, crashes }: Report,
  flags: CheckFlags,
): void {
  const colours = paint();
  const { types } = flowGraph(manifest);
  const size = `${count(manifest.services.size, "service")}, ${count(types.length, "event")}`;
  print(`${colours.bold(printable(choreography))}: ${size}`);
  for (const finding of findings.toSorted(
    (a, b) => Number(a.severity === "warning") - Number(b.severity === "warning"),
  )) {
    print();
    showFinding(finding, flags);
  }
  print();
  if (crashes !== undefined) {
    const reach = crashes.exhaustive ? "exhaustive" : "not exhaustive";
    const model = `${count(crashes.states, "state")}, ${reach}, one process may crash at any point`;
    print(colours.dim(`Crash model: ${model}.`));
  }
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const warnings = findings.length - errors;
  const states = `${count(explored.states, "state")}, ${count(explored.transitions, "transition")}`;
  const how = `${states}, ${explored.milliseconds} ms`;
  const accepted = suppressed.length === 0 ? "" : `, ${suppressed.length} accepted`;
  const rest = `${count(warnings, "warning")}${accepted}`;
  if (!ok) {
    const limit = explored.exhaustive ? "" : ", not exhaustive";
    print(`${colours.bad(`✗ ${count(errors, "error")}`)}, ${rest} (${how}${limit})`);
  } else if (explored.exhaustive) {
    const proof = "in any order, with duplicates and failures";
    print(`${colours.good("✓ every saga ends well")}, ${proof} (${how}); ${rest}`);
  } else {
    const verdict = "? no errors found, but the exploration is not exhaustive";
    print(`${colours.bad(verdict)} (${how}); ${rest}`);
  }
}

function showFinding(
  { code, severity, message, hint, at, trace, repairs = [] }: Finding,
  { mermaid }: CheckFlags,
): void {
  const colours = paint();
  const error = severity === "error";
  const place =
    at.service === undefined || message.includes(at.service)
      ? ""
      : colours.dim(`  (${printable(at.service)})`);
  const mark = error ? colours.bad(`✗ ${code}`) : colours.undo(`! ${code}`);
  print(`${mark}  ${printable(message)}${place}`);
  if (hint !== undefined) print(`  ${colours.dim(printable(hint))}`);
  if (trace !== undefined && mermaid) print(`\n${sequenceMermaid(trace)}`.trimEnd());
  else if (trace !== undefined) {
    print();
    for (const line of sequenceText(trace, colours)) print(`    ${line}`);
    print(`    ${colours.bad(`✗ ${printable(message).replace(/\S+\.v1\b/g, shortType)}`)}`);
  }
  if (repairs.length > 0) print();
  repairs.forEach((repair, index) => {
    print(
      `  ${colours.good(index === 0 ? "Repair:" : "or:    ")} ${printable(repairText(repair))}`,
    );
  });
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

let shown = false;

/** Shows the number of states on a terminal, once there are 50,000. */
function progress(states: number): void {
  if (!process.stderr.isTTY || states < 50_000) return;
  shown = true;
  process.stderr.write(`\r${states.toLocaleString("en")} states …`);
}

function clearProgress(): void {
  if (shown) process.stderr.write("\r\u001b[K");
}
