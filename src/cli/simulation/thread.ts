/* The program of a thread that makes a part of the runs of a simulation; see `threads.ts`. */
import { parentPort, workerData } from "node:worker_threads";
import { scheduleText } from "../../simulate/schedule-text.ts";
import { search } from "../../simulate/search.ts";
import { Tripwires } from "../../simulate/tripwire.ts";
import { loadSimulation } from "./load.ts";
import type { SeedTask, ThreadAnswer, ThreadedSearch } from "./threads.ts";

const { module, store }: Pick<ThreadedSearch, "module" | "store"> = workerData;
const stage = await (await loadSimulation(module)).prepare(store);
const tripwires = new Tripwires();
process.removeAllListeners("warning");
// What a handler of a dead process leaves behind.
process.on("unhandledRejection", () => {});

parentPort?.on("message", async ({ from, seeds, until }: SeedTask) => {
  const found = await search(stage, { from, seeds, until });
  const { outcomes, states } = stage.reached;
  const answer: ThreadAnswer = {
    runs: found.runs,
    outcomes: [...outcomes],
    states: [...states],
    leaks: tripwires.leaks,
    ...("result" in found && {
      failed: { seed: found.seed ?? from, schedule: scheduleText(found.result.taken) },
    }),
  };
  parentPort?.postMessage(answer);
});
