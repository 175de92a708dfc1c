import { relative } from "node:path";
import { quote } from "../../contract/grammar.ts";
import { counterexample } from "../../simulate/counterexample.ts";
import type { StoreName } from "../../simulate/options.ts";
import { scheduleText } from "../../simulate/schedule-text.ts";
import { foundLines } from "../../simulate/simulation-error.ts";
import type { Stage } from "../../simulate/stage.ts";
import { type Leak, Tripwires } from "../../simulate/tripwire.ts";
import { FOUND, paint, print, printJson } from "../output.ts";
import { ProgressLine } from "../progress.ts";
import { loadSimulation } from "./load.ts";
import { SimulateSession, type SimulationVerdict } from "./session.ts";

/** Holds the parsed options of `odori simulate`. */
export interface SimulateFlags {
  readonly seeds?: number;
  readonly minutes?: number;
  readonly seed?: number;
  readonly replay?: string;
  readonly systematic?: number;
  readonly store?: StoreName;
  readonly workers: number;
  readonly schedules?: string;
  readonly json: boolean;
}

const SEEDS = 1_000;
const RUNS_MAX = 100_000_000;
/** The progress line need not be made for each run. */
const RUNS_A_LINE = 64;

/** Runs `odori simulate`, and sets the exit status to 1 if a run goes wrong. */
export async function runSimulate(module: string, flags: SimulateFlags): Promise<void> {
  const { minutes, workers, systematic, replay, schedules, store, seed = 1 } = flags;
  const simulation = await loadSimulation(module);
  // A dead process may leave a promise behind that is not awaited.
  process.on("unhandledRejection", () => {});
  const progress = new ProgressLine(
    process.stderr,
    minutes === undefined ? undefined : minutes * 60,
  );
  const stage = await simulation.prepare(flags.store);
  const { name } = simulation.choreography;
  const states = () => stage.reached.states.size.toLocaleString("en");
  const onRun = (runs: number) => {
    // Thread by thread, any number of them may end at once.
    if (workers === 1 && runs % RUNS_A_LINE !== 0) return;
    progress.showText(`${name}: ${runs.toLocaleString("en")} runs, ${states()} states`);
  };
  const seeds = flags.seeds ?? (minutes === undefined ? SEEDS : RUNS_MAX);
  const which = { seeds, seed, minutes, systematic, replay };
  const options = { module, store, ...which, workers, schedules, onRun };
  let verdict: SimulationVerdict;
  {
    using tripwires = new Tripwires();
    try {
      verdict = await new SimulateSession(stage, tripwires, options).run();
    } finally {
      progress.clear();
    }
  }
  if (flags.json) printJson(jsonOf(verdict, stage));
  else show(verdict, { stage, module, name });
  if (verdict.wrong !== undefined || verdict.never.length > 0) process.exitCode = FOUND;
}

function show(
  verdict: SimulationVerdict,
  of: { readonly stage: Stage<unknown>; readonly module: string; readonly name: string },
): void {
  const { wrong, never, runs, kept, leaks } = verdict;
  const style = paint();
  print(`${of.name}: ${of.stage.parts.length} services`);
  print();
  if (wrong !== undefined) showWrong(verdict, of.module);
  if (verdict.lostAt !== undefined)
    print(
      style.undo(`! From step ${verdict.lostAt + 1} on, the run differs from the recorded saga.`),
    );
  for (const schedule of verdict.outdated)
    print(style.undo(`! The schedule ${quote(schedule)} no longer applies: the code has changed.`));
  for (const { message } of never) print(style.bad(`✗ NEVER  ${message}`));
  if (never.length > 0)
    print("  Let `given` bring it about, make more runs, or accept it with a reason: accepts.");
  for (const leak of leaks) print(style.undo(leakText(leak)));
  if (wrong !== undefined || never.length > 0) return;
  const foreseen = of.stage.map.foresee()?.states.size;
  const states = `${of.stage.reached.states.size} of ${foreseen ?? "?"} states of the model`;
  const right = runs === 1 ? "the run is right" : `${runs.toLocaleString("en")} runs are right`;
  const before = kept === 0 ? "" : `, ${kept} of them schedules that failed before`;
  print(style.good(`✓ ${right}${before}; ${states}`));
}

function showWrong({ wrong, keptIn }: SimulationVerdict, module: string): void {
  if (wrong === undefined) return;
  const { found, result } = wrong;
  for (const line of counterexample(result, paint())) print(line);
  print();
  const repeat = (schedule: string) => `odori simulate ${module} --replay "${schedule}"`;
  const departures = found.result.taken.length;
  for (const line of foundLines(result, { ...found, departures, repeat })) print(line);
  if (keptIn !== undefined) print(`  Kept in ${relative(process.cwd(), keptIn)}.`);
}

function leakText({ what, at, controlled }: Leak): string {
  const place = at.startsWith("/") ? relative(process.cwd(), at) : at;
  return controlled
    ? `! ${what}  ${place}  was answered by the run: take it from the context of the handler`
    : `! ${what}  ${place}  leaves the simulation: stand in for it with standIn()`;
}

function jsonOf(verdict: SimulationVerdict, stage: Stage<unknown>) {
  const { wrong, never, runs, kept, leaks } = verdict;
  return {
    ok: wrong === undefined && never.length === 0,
    runs,
    kept,
    outdated: verdict.outdated,
    states: stage.reached.states.size,
    foreseen: stage.map.foresee()?.states.size ?? null,
    findings: [...(wrong?.result.findings ?? []), ...never],
    leaks,
    ...(verdict.lostAt !== undefined && { lostAt: verdict.lostAt }),
    ...(wrong !== undefined && {
      seed: wrong.found.seed ?? null,
      departures: wrong.found.result.taken.length,
      schedule: scheduleText(wrong.result.taken),
      drawn: counterexample(wrong.result),
    }),
  };
}
