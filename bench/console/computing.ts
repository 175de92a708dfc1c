import { giveWay } from "../../src/cli/give-way.ts";

/** Computes in memory of its own, and nothing else, at the priority of an observer. */
const SLICE_MS = 10;

function compute(): void {
  const until = performance.now() + SLICE_MS;
  while (performance.now() < until);
  // A turn in which it hears that its parent has let go of it.
  setImmediate(compute);
}

giveWay();
process.once("disconnect", () => process.exit());
process.send?.("computing");
compute();
