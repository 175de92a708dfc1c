import { simulation } from "odori/simulate";
import { tripWith } from "../trip.ts";

const { choreography, options } = tripWith();

/** The trip without a bug, for the command. */
export default simulation(choreography, options);
