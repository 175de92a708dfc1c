import assert from "node:assert/strict";
import { simulation } from "odori/simulate";
import { shopWith } from "../shop.ts";

let charges = 0;
const notes = new Set<string>();

/** A handler that keeps something from run to run, and is wrong after some of them. */
export const wrong = shopWith(() => charges++, {
  holds: () => assert.ok(charges < 20, "charged too often\nby far"),
});

/** One that fails once in all runs, and is right in each. */
export const changing = shopWith((orderId) => {
  if (notes.has(orderId)) return;
  notes.add(orderId);
  throw new Error("It is not known.");
});

const { choreography, options } = process.env.REMEMBERS === "wrong" ? wrong : changing;
export default simulation(choreography, options);
