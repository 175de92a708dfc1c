import { type CheckOptions, check, type Report } from "../check/check.ts";
import { parseRule } from "../check/config.ts";
import { RULES } from "../check/lint/rules.ts";
import { parseDuration } from "../contract/duration.ts";
import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { namedSources } from "./choreography-option.ts";
import { projectConfig } from "./config.ts";
import { configFile } from "./config-file.ts";
import { print, printJson } from "./output.ts";
import { ProgressLine } from "./progress.ts";
import type { Output } from "./report/formats.ts";
import { locate } from "./report/located.ts";
import { writeReport } from "./report/outputs.ts";
import { verdictOf } from "./report/verdict.ts";
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
  readonly format: readonly Output[];
  /** True for every service, else the names of services, separated by commas. */
  readonly mayPark?: boolean | string;
}

const SECONDS_MAX = 30;
/** For what is not exploration: to compile the model, and to lint; also to read the sources. */
const GRACE_MS = 5_000;

/**
 * Runs `odori check`: writes the report, and sets the exit status to 1 if there are errors, or to 3
 * if there are none and not everything was explored. Throws `USAGE`, `CONFIG_INVALID` and the
 * errors of `loadManifest`.
 */
export async function runCheck(given: readonly string[], flags: CheckFlags): Promise<void> {
  if (flags.listRules) {
    listRules(flags);
    return;
  }
  if (given.length === 0 && typeof flags.mayPark === "string" && /[./]/.test(flags.mayPark))
    throw new OdoriError("USAGE", "check needs at least one source.", {
      hint:
        "Write --may-park behind the sources: " +
        `${quote(flags.mayPark)} was read as its services.`,
    });
  const paths = await namedSources("check", given, flags.config);
  const seconds = flags.seconds ?? SECONDS_MAX;
  // Exploration ends by itself. These bound what a file from elsewhere makes of all other work.
  const limit = () => new TimeLimit(seconds * 1_000 + GRACE_MS, () => timeout(seconds));
  const loading = limit();
  const { manifest, contradictions, sources } = await loadManifest(paths, (work) =>
    loading.run(work),
  );
  const config = projectConfig(configFile(flags.config)).check;
  const progress = new ProgressLine(process.stderr, seconds);
  const options: CheckOptions = {
    reduction: flags.reduction,
    crashes: flags.crashes,
    repairs: flags.repairs,
    contradictions,
    lint: {
      rules: { ...config.rules, ...Object.fromEntries(flags.rule.map(parseRule)) },
      limits: config.limits ?? {},
    },
    mayPark: parkingOf(manifest, flags.mayPark),
    onProgress: (states, transitions) => progress.show(states, transitions),
    millisecondsMax: seconds * 1_000,
    ...(config.retention !== undefined && { retentionMs: parseDuration(config.retention) }),
    ...((flags.states ?? config.statesMax) !== undefined && {
      statesMax: flags.states ?? config.statesMax,
    }),
  };
  let report: Report;
  try {
    report = limit().run(() => check(manifest, options));
  } finally {
    progress.clear();
  }
  const subject = locate(manifest, report, sources);
  const json = flags.json ? [{ format: "json", file: undefined } as const] : [];
  await writeReport(subject, [...json, ...flags.format], flags.mermaid);
  process.exitCode = verdictOf(subject.report).status;
}

function parkingOf(
  { services }: Manifest,
  mayPark: CheckFlags["mayPark"] = false,
): boolean | readonly string[] {
  if (typeof mayPark === "boolean") return mayPark;
  const names = mayPark.split(",");
  const unknown = names.find((name) => !services.has(name));
  if (unknown === undefined) return names;
  throw new OdoriError("USAGE", `--may-park: ${quote(unknown)} is not a service here.`, {
    hint: `Choose from ${[...services.keys()].slice(0, 12).join(", ")}, or give no name for all.`,
  });
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
