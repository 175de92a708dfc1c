import { simulation } from "odori/simulate";
import { shopWith } from "../shop.ts";

const { choreography, options } = shopWith(() => {
  // As a client library may throw its response: a thread cannot tell another one of it.
  throw { status: 503, message: "the bank is closed", retry() {} };
});

/** A handler that throws an object in the place of an error. */
export default simulation(choreography, options);
