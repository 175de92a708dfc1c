import { existsSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { type CheckOptions, check as checkManifest, type Report } from "../../check/check.ts";
import { type CheckConfig, parseRule, toConfig } from "../../check/config.ts";
import type { Finding } from "../../check/finding.ts";
import { repairText } from "../../check/repair-text.ts";
import { sequenceMermaid, sequenceText } from "../../draw/sequence.ts";
import { flowGraph } from "../../manifest/graph.ts";
import type { Manifest } from "../../manifest/manifest.ts";
import { parseText } from "../../manifest/text.ts";
import { printable } from "../../text/printable.ts";
import { shortType } from "../../text/short.ts";
import { jsonOption } from "../data.ts";
import { FOUND, paint, print, printJson } from "../output.ts";
import { loadManifest, readText, SOURCES } from "../source.ts";

interface Flags {
  readonly json: boolean;
  readonly mermaid: boolean;
  readonly plain: boolean;
  readonly fine: boolean;
  readonly repairs: boolean;
  readonly states?: number;
  readonly config?: string;
  readonly rule: readonly string[];
}

const CONFIG_FILE = "odori.config.json";

export function check(): Command {
  return new Command("check")
    .description("Proves that every saga ends well, or shows the shortest way in which one does not, and what to add.")
    .argument("<source...>", SOURCES)
    .addOption(jsonOption())
    .option("--mermaid", "counterexamples as mermaid sequence diagrams", false)
    .option("--states <number>", "how many states to visit at most", wholeNumber)
    .option("--plain", "explore every order of what is independent too: slow, and finds the same", false)
    .option("--fine", "also let processes die between begin, commit, publish and acknowledge: slow", false)
    .option("--no-repairs", "do not look for repairs")
    .option(
      "--rule <CODE=severity>",
      "set a rule to off, warning or error; may be repeated",
      (rule, all: readonly string[]) => [...all, rule],
      [],
    )
    .option("--config <file>", `settings of the rules; ${CONFIG_FILE} is read where it exists`)
    .addHelpText(
      "after",
      `
Examples:
  odori check src/choreography.ts
  odori check payment.json order.json stock.json      manifests of several repositories
  odori check choreography.json --json
  odori check src/choreography.ts --rule FAT_PAYLOAD=off

Exit status: 0 no errors (warnings may remain), 1 errors, 2 it could not run.`,
    )
    .action(run);
}

async function run(paths: readonly string[], flags: Flags): Promise<void> {
  const { manifest, contradictions } = await loadManifest(paths);
  const config = await configOf(flags);
  const options: CheckOptions = {
    plain: flags.plain,
    fine: flags.fine,
    repairs: flags.repairs,
    contradictions,
    lint: { rules: { ...config.rules, ...Object.fromEntries(flags.rule.map(parseRule)) }, limits: config.limits ?? {} },
    onProgress: progress,
    ...((flags.states ?? config.statesMax) !== undefined && { statesMax: flags.states ?? config.statesMax }),
  };
  const report = checkManifest(manifest, options);
  clearProgress();
  if (flags.json) printJson(report);
  else show(manifest, report, flags);
  if (!report.ok) process.exitCode = FOUND;
}

async function configOf({ config }: Flags): Promise<CheckConfig> {
  if (config === undefined && !existsSync(CONFIG_FILE)) return {};
  const file = config ?? CONFIG_FILE;
  return toConfig(parseText(file, await readText(file)).value, file);
}

function show(manifest: Manifest, { ok, explored, findings, suppressed, choreography, fine }: Report, flags: Flags): void {
  const colours = paint();
  const { types } = flowGraph(manifest);
  print(`${colours.bold(printable(choreography))}: ${count(manifest.services.size, "service")}, ${count(types.length, "event")}`);
  for (const finding of findings.toSorted((a, b) => Number(a.severity === "warning") - Number(b.severity === "warning"))) {
    print();
    showFinding(finding, flags);
  }
  print();
  if (fine !== undefined) {
    const reach = fine.exhaustive ? "all" : "not all";
    print(colours.dim(`Finer model: ${count(fine.states, "state")}, ${reach} of them, with one process dying anywhere.`));
  }
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const warnings = findings.length - errors;
  const how = `${count(explored.states, "state")}, ${count(explored.transitions, "transition")}, ${explored.milliseconds} ms`;
  const accepted = suppressed.length === 0 ? "" : `, ${suppressed.length} accepted`;
  if (!ok)
    print(
      `${colours.bad(`✗ ${count(errors, "error")}`)}, ${count(warnings, "warning")}${accepted} (${how}${explored.exhaustive ? "" : ", not exhaustive"})`,
    );
  else if (explored.exhaustive)
    print(
      `${colours.good("✓ every saga ends well")}, whatever the order, the duplicates and the failures (${how}); ${count(warnings, "warning")}${accepted}`,
    );
  else print(`${colours.bad("? nothing found, and not all was explored")} (${how}); ${count(warnings, "warning")}${accepted}`);
}

function showFinding({ code, severity, message, mend, at, trace, repairs = [] }: Finding, { mermaid }: Flags): void {
  const colours = paint();
  const error = severity === "error";
  const place = at.service === undefined || message.includes(at.service) ? "" : colours.dim(`  (${printable(at.service)})`);
  print(`${error ? colours.bad(`✗ ${code}`) : colours.undo(`! ${code}`)}  ${printable(message)}${place}`);
  if (mend !== undefined) print(`  ${colours.dim(mend)}`);
  if (trace !== undefined && mermaid) print(`\n${sequenceMermaid(trace)}`.trimEnd());
  else if (trace !== undefined) {
    print();
    for (const line of sequenceText(trace, colours)) print(`    ${line}`);
    print(`    ${colours.bad(`✗ ${message.replace(/\S+\.v1\b/g, shortType)}`)}`);
  }
  if (repairs.length > 0) print();
  repairs.forEach((repair, index) => {
    print(`  ${colours.good(index === 0 ? "Repair:" : "or:    ")} ${repairText(repair)}`);
  });
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

let shown = false;

/** On a terminal, and only once it has taken a while. */
function progress(states: number): void {
  if (!process.stderr.isTTY || states < 50_000) return;
  shown = true;
  process.stderr.write(`\r${states.toLocaleString("en")} states …`);
}

function clearProgress(): void {
  if (shown) process.stderr.write("\r\u001b[K");
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new InvalidArgumentError("It is a whole number from 1.");
  return number;
}
