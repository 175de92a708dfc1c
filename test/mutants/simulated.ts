import type { Runner } from "odori/conformance";
import { simulate } from "odori/simulate";
import order from "../../examples/order/choreography.ts";
import { orders } from "../../examples/order/order.simulation.ts";
import { tripWith } from "../simulate/trip.ts";

const SEEDS = 300;

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
}
