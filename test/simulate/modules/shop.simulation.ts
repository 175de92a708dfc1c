import { simulation } from "odori/simulate";
import { shopWith } from "../shop.ts";

const { choreography, options } = shopWith(() => {});

export default simulation(choreography, options);
