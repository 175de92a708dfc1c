import { simulation } from "odori/simulate";
import { tripWith } from "../trip.ts";

const { choreography, options } = tripWith("a gateway without an idempotency key");

/** Two simulations, none of them by default. */
export const broken = simulation(choreography, options);
