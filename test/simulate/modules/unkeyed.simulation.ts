import assert from "node:assert/strict";
import { simulation, standIn } from "odori/simulate";
import { shopWith } from "../shop.ts";

const charged: string[] = [];
const { choreography, options } = shopWith(
  (orderId) => standIn("gateway", () => charged.push(orderId)),
  {
    reset: () => charged.splice(0),
    holds: ({ sagas }) => assert.equal(charged.length, sagas.size, "charged twice"),
  },
);

/** A gateway that knows no idempotency key. */
export default simulation(choreography, options);
