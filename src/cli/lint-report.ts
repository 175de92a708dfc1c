import { parseRule } from "../check/config.ts";
import type { Finding } from "../check/finding.ts";
import { type LintOptions, lint } from "../check/lint/lint.ts";
import { partSuppressed } from "../check/suppress.ts";
import { OdoriError } from "../contract/errors.ts";
import { flowGraph } from "../manifest/graph.ts";
import { printable } from "../text/printable.ts";
import { namedSources } from "./choreography-option.ts";
import { projectConfig } from "./config.ts";
import { configFile } from "./config-file.ts";
import { loadForLint } from "./lint-source.ts";
import { FOUND, paint, print, printJson } from "./output.ts";
import { count, seeTexts } from "./report/verdict.ts";
import { TimeLimit } from "./time-limit.ts";

/** Holds the parsed options of `odori lint`. */
export interface LintFlags {
  readonly json: boolean;
  readonly config?: string;
  readonly rule: readonly string[];
}

const MILLISECONDS_MAX = 30_000;

/**
 * Runs `odori lint`: prints the findings, and sets the exit status to 1 if one is an error. Throws
 * `USAGE`, `CONFIG_INVALID`, `CHECK_TIMEOUT` and the errors of `loadManifest`.
 */
export async function runLint(given: readonly string[], flags: LintFlags): Promise<void> {
  const paths = await namedSources("lint", given, flags.config);
  const limit = new TimeLimit(MILLISECONDS_MAX, timeout);
  const manifest = await loadForLint(paths, limit);
  const options = optionsOf(flags);
  const report = limit.run(() => {
    const graph = flowGraph(manifest);
    const { open, suppressed } = partSuppressed(manifest, lint(manifest, graph, options));
    const ok = open.every(({ severity }) => severity !== "error");
    return { ok, events: graph.types, findings: open, suppressed };
  });
  if (flags.json) printJson(report);
  else show(report.events.length, report.findings, report.suppressed.length);
  if (!report.ok) process.exitCode = FOUND;
}

function optionsOf({ config, rule }: LintFlags): LintOptions {
  const { rules, limits = {} } = projectConfig(configFile(config)).check;
  return { rules: { ...rules, ...Object.fromEntries(rule.map(parseRule)) }, limits };
}

function timeout(): OdoriError {
  const seconds = MILLISECONDS_MAX / 1_000;
  return new OdoriError("CHECK_TIMEOUT", `The lint is not done after ${seconds} seconds.`, {
    hint: "Lint parts of the choreography separately.",
  });
}

function show(events: number, findings: readonly Finding[], accepted: number): void {
  const colours = paint();
  const isError = ({ severity }: Finding) => severity === "error";
  const sorted = findings.toSorted((a, b) => Number(isError(b)) - Number(isError(a)));
  for (const finding of sorted) {
    const { code, message, hint } = finding;
    const mark = isError(finding) ? colours.bad(`✗ ${code}`) : colours.undo(`! ${code}`);
    print(`${mark}  ${printable(message)}`);
    if (hint !== undefined) print(`  ${colours.dim(printable(hint))}`);
    print();
  }
  const errors = findings.filter(isError).length;
  const silenced = accepted === 0 ? "" : `, ${accepted} accepted`;
  const rest = `${count(findings.length - errors, "warning")}${silenced}`;
  const verdict =
    errors > 0 ? colours.bad(`✗ ${count(errors, "error")}`) : colours.good("✓ no errors");
  print(`${verdict}, ${rest} (${count(events, "event")})`);
  for (const line of seeTexts(sorted)) print(`  ${colours.dim(line)}`);
}
