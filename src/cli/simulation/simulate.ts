import type { StoreName } from "../../simulate/options.ts";
import { FOUND, printJson, warn } from "../output.ts";
import { ProgressLine } from "../progress.ts";
import { SimulateSession, type SimulationVerdict } from "./session.ts";
import { tellsThreadTime } from "./simulation-thread.ts";
import { SimulationThreads, type ThreadTotals } from "./threads.ts";
import { isRight, showVerdict, verdictJson } from "./verdict-text.ts";

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
/** As a shell has it for a command that Ctrl-C has ended. */
const INTERRUPTED = 130;
/** What is missing on a Node that is not one of `engines`, such as 24.5. */
const UNWATCHED =
  `! Node ${process.version} does not tell how much a thread computes, as 22.22 and 24.6 do: a ` +
  "handler that does not return is not noticed. Ctrl-C ends the command.";

/** Runs `odori simulate`, and sets the exit status to 1 if a run goes wrong. */
export async function runSimulate(module: string, flags: SimulateFlags): Promise<void> {
  const { minutes, workers, systematic, replay, schedules, store, seed = 1 } = flags;
  const seeds = flags.seeds ?? (minutes === undefined ? SEEDS : RUNS_MAX);
  const which = { seeds, seed, minutes, systematic, replay };
  if (!tellsThreadTime) warn(UNWATCHED);
  const verdict = await runsVerdict({ module, store, ...which, workers, schedules });
  if (flags.json) printJson(verdictJson(verdict));
  else showVerdict(verdict, module);
  if (!isRight(verdict)) process.exitCode = FOUND;
  else if (verdict.interrupted) process.exitCode = INTERRUPTED;
}

async function runsVerdict(
  options: ConstructorParameters<typeof SimulateSession>[1],
): Promise<SimulationVerdict> {
  const { minutes } = options;
  const secondsMax = minutes === undefined ? undefined : minutes * 60;
  const progress = new ProgressLine(process.stderr, secondsMax);
  const onRun = ({ runs, states }: ThreadTotals) => {
    const [made, reached] = [runs, states.size].map((count) => count.toLocaleString("en"));
    progress.showText(`${threads.subject.name}: ${made} runs, ${reached} states`);
  };
  await using threads = new SimulationThreads(options.module, onRun);
  const interrupt = () => threads.interrupt();
  process.once("SIGINT", interrupt);
  try {
    return await new SimulateSession(threads, options).run();
  } finally {
    process.off("SIGINT", interrupt);
    progress.clear();
  }
}
