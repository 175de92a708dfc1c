import assert from "node:assert/strict";
import { service } from "odori";
import type { Sql } from "odori/sqlite";
import { type RunResult, SimulatedRun } from "../../src/simulate/run.ts";
import { SqlRows } from "../../src/simulate/sql-rows.ts";
import { Stage } from "../../src/simulate/stage.ts";
import { placed, shopWith } from "./shop.ts";

/**
 * A wrong run that was found, in which five draws together are wrong. So are two others: no
 * shrinker gets from the five to these.
 */
export async function unluckyRun(): Promise<{
  readonly stage: Stage<Sql>;
  readonly seed: number;
  readonly found: RunResult;
}> {
  let drawn: { readonly all: boolean; readonly pair: boolean } | undefined;
  const order = service<Sql>("order").begins(placed);
  const { choreography, options } = shopWith(() => {}, {
    given({ begin, int }) {
      const five = Array.from({ length: 5 }, () => int(0, 1));
      const two = [int(0, 1), int(0, 1)];
      drawn = { all: !five.includes(0), pair: two.every((one) => one === 1) };
      begin(order, "o-1", () => placed({ orderId: "o-1" }));
    },
    holds: () => assert.ok(drawn?.all !== true && drawn?.pair !== true, "unlucky"),
  });
  const stage = await Stage.prepare(choreography, options, () => new SqlRows());
  for (let seed = 1; ; seed++) {
    const found = await new SimulatedRun(stage, { seed }).play();
    if (drawn?.all === true && !drawn.pair) return { stage, seed, found };
  }
}
