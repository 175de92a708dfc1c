/* The program of a thread that makes runs of a simulation; see `simulation-thread.ts`. */
import { workerData } from "node:worker_threads";
import { AcceptedFindings } from "../../simulate/accepted.ts";
import { explained } from "../../simulate/explain.ts";
import { FirstRun } from "../../simulate/first-run.ts";
import { followRecord } from "../../simulate/follow.ts";
import { neverHappened } from "../../simulate/never.ts";
import { type RunResult, SimulatedRun } from "../../simulate/run.ts";
import { search } from "../../simulate/search.ts";
import { shrink } from "../../simulate/shrink.ts";
import { systematic } from "../../simulate/systematic.ts";
import { Tripwires } from "../../simulate/tripwire.ts";
import { toldError } from "../told-error.ts";
import { type AnySimulation, loadSimulation } from "./load.ts";
import type {
  ThreadMessage,
  ThreadProgram,
  ThreadQuestion,
  ThreadStart,
} from "./thread-program.ts";
import { ThreadPulse } from "./thread-pulse.ts";

/** More runs than any command makes. */
const RUNS_MAX = 100_000_000;
/** What was reached is told after this many runs. */
const RUNS_A_TURN = 500;

const { module, store, memory, port }: ThreadStart = workerData;
const say = (message: ThreadMessage) => port.postMessage(message);
const pulse = new ThreadPulse(memory);

process.removeAllListeners("warning");
// What a handler of a dead process leaves behind.
process.on("unhandledRejection", () => {});
// Before the module is loaded: what it keeps of them, such as `const { random } = Math`, is theirs.
const tripwires = new Tripwires();

try {
  const simulation = await loadSimulation(module);
  say({ loaded: true });
  await work(simulation);
} catch (error) {
  say({ error: toldError(error) });
}

async function work(simulation: AnySimulation): Promise<void> {
  const stage = await simulation.prepare(store, enter());
  const program = programOf(stage);
  port.on("message", async ({ kind, task }: ThreadQuestion) => {
    try {
      const answer: unknown = await Reflect.apply(program[kind], program, [task]);
      say({ reached: program.reached() });
      say({ answer });
    } catch (error) {
      say({ error: toldError(error) });
    }
  });
  const { choreography, options } = simulation;
  const { accepts = {} } = options;
  say({ ready: { name: choreography.name, services: stage.parts.length, accepts } });
}

/** Tells which code of the user is entered: its name once, then its number. */
function enter(): (name: string) => void {
  const places = new Map<string, number>();
  return (name) => {
    const known = places.get(name);
    const place = known ?? places.size + 1;
    if (known === undefined) {
      places.set(name, place);
      say({ place, name });
    }
    pulse.place = place;
  };
}

function programOf(
  stage: Awaited<ReturnType<AnySimulation["prepare"]>>,
): ThreadProgram & { reached(): Extract<ThreadMessage, { reached: unknown }>["reached"] } {
  const first = new FirstRun(stage);
  const accepted = new AcceptedFindings();
  const reached = () => ({
    outcomes: [...stage.reached.outcomes],
    states: [...stage.reached.states],
    leaks: tripwires.leaks,
    accepted: accepted.counts,
  });
  const ran = (result: RunResult) => {
    accepted.note(result);
    pulse.runs++;
    if (pulse.runs % RUNS_A_TURN === 0) say({ reached: reached() });
  };
  const told = async (result: RunResult) =>
    plain(result.findings.length === 0 ? result : await explained(stage, result));
  return {
    reached,
    async search({ from, ...limits }) {
      pulse.seed = from;
      const found = await search(stage, {
        ...limits,
        from,
        onRun(result) {
          first.note({ seed: pulse.seed }, result);
          pulse.seed++;
          ran(result);
        },
      });
      return plainly(found);
    },
    async systematic(limits) {
      const found = await systematic(stage, {
        ...limits,
        runs: RUNS_MAX,
        onRun(result) {
          first.note({ schedule: [] }, result);
          ran(result);
        },
      });
      return plainly(found);
    },
    async play(schedule) {
      const result = await new SimulatedRun(stage, { schedule }).play();
      first.note({ schedule }, result);
      ran(result);
      return told(result);
    },
    async repeat(schedule) {
      return told(await new SimulatedRun(stage, { schedule }).play());
    },
    async follow(recorded) {
      const followed = await followRecord(stage, recorded);
      ran(followed.result);
      return plainly(followed);
    },
    async shrink(found) {
      pulse.seed = found.seed ?? 0;
      const { result } = await shrink(stage, found.result, found.seed);
      return plain(result);
    },
    repeatFirst: () => first.repeat(),
    async survey(outcomes) {
      for (const outcome of outcomes) stage.reached.outcomes.add(outcome);
      return { never: neverHappened(stage), foreseen: stage.map.foresee()?.states.size };
    },
  };
}

/** What was thrown may be anything, so it stays in this thread: the findings tell of it. */
function plain(result: RunResult): RunResult {
  return { ...result, cause: undefined };
}

function plainly<Found extends { readonly result: RunResult } | { readonly runs: number }>(
  found: Found,
): Found {
  return "result" in found ? { ...found, result: plain(found.result) } : found;
}
