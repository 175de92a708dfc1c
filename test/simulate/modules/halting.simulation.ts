import { simulation } from "odori/simulate";
import { shopWith } from "../shop.ts";

/** What the handler of the second order does instead of ending, by the test. */
const HALTS: Readonly<Record<string, () => unknown>> = {
  loop() {
    for (;;);
  },
  async turns() {
    for (;;) await undefined;
  },
  exit: () => process.exit(0),
};

if (process.env.SAYS !== undefined) console.log(process.env.SAYS);
const halt = HALTS[process.env.HALT ?? ""];
const { choreography, options } = shopWith((orderId) => orderId === "o-2" && halt?.());

export default simulation(choreography, options);
