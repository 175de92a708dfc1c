import type { Runner } from "odori/conformance";
import { simulate } from "odori/simulate";
import order from "../../examples/order/choreography.ts";
import { orders } from "../../examples/order/order.simulation.ts";
import { toManifest } from "../../src/manifest/read.ts";
import { playedCases } from "../simulate/cases.ts";
import { codesFound } from "../simulate/played.ts";
import { tripWith } from "../simulate/trip.ts";

const SEEDS = 300;
/** Of each choreography of the catalogue. */
const SEEDS_EACH = 25;

/** Right handlers, on a runtime that may be broken. */
export function simulatedScenarios({ it }: Runner): void {
  it("trips and orders end as the model says, through crashes and duplicates", async () => {
    // A dead process leaves promises behind that are not awaited.
    process.on("unhandledRejection", () => {});
    const { choreography, options } = tripWith();
    const instances = { trip: 2, flight: 2 };
    await simulate(choreography, { ...options, instances, seeds: SEEDS });
    await simulate(order, { ...orders(2), seeds: SEEDS / 3 });
  });

  it("each delivery of the catalogue does what the fence of the model says", async () => {
    process.on("unhandledRejection", () => {});
    for (const { name, manifest } of playedCases) {
      const found = await codesFound(toManifest(manifest), { from: 1, seeds: SEEDS_EACH });
      const message = found.get("MODEL") ?? found.get("RESTLESS");
      if (message !== undefined) throw new Error(`${name}: ${message}`);
    }
  });
}
