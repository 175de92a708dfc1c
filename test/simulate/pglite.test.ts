import assert from "node:assert/strict";
import { SimulationError, simulate, standIn } from "odori/simulate";
import { describe, expect, it } from "vitest";
import { openPglite } from "../../src/simulate/pglite-rows.ts";
import { type RunResult, SimulatedRun } from "../../src/simulate/run.ts";
import { readSchedule, scheduleText } from "../../src/simulate/schedule-text.ts";
import { simulation } from "../../src/simulate/simulation.ts";
import { chargeOnce, pgShopWith } from "./pg-shop.ts";

const traceOf = ({ history, notes, steps, ends }: RunResult) =>
  JSON.stringify([history, notes, steps, [...ends]]);

/** Finds the first failure of a shop whose payment does `charge`. */
async function findingOf(...shop: Parameters<typeof pgShopWith>) {
  const { choreography, options } = pgShopWith(...shop);
  const run = simulate(choreography, { ...options, seeds: 300 });
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof SimulationError)) throw error ?? new Error("nothing was found");
  return { codes: error.findings.map(({ code }) => code), text: error.message };
}

describe("handlers of Postgres on PGlite", { timeout: 600_000 }, () => {
  it("a shop is right in every run, and reaches all of the model", async () => {
    const { choreography, options } = pgShopWith(chargeOnce);
    const report = await simulate(choreography, { ...options, seeds: 200 });
    const none = { leaks: [], outdated: [], accepted: {} };
    expect(report).toEqual({ runs: 200, states: 6, foreseen: 6, ...none });
  });

  it("a run is what its decisions say, with keys, times and ids of the database", async () => {
    const rows: string[] = [];
    const { choreography, options, payment } = pgShopWith(chargeOnce, {
      async holds(seen) {
        const text = "SELECT *, CURRENT_TIMESTAMP AS ended FROM charges";
        rows.push(JSON.stringify((await seen.rows(payment).query(text)).rows));
      },
    });
    const [first, second] = await Promise.all([
      simulation(choreography, options).prepare(),
      simulation(choreography, options).prepare(),
    ]);
    const seeds = Array.from({ length: 40 }, (_, at) => at + 1);
    const runs: RunResult[] = [];
    for (const seed of seeds) runs.push(await new SimulatedRun(first, { seed }).play());
    const seen = rows.splice(0);
    expect(seen.join()).toMatch(
      /"id":1,.*"at":"2026-01-01T00:00:00\.\d\d\dZ","token":"[0-9a-f-]{36}"/,
    );
    for (const seed of seeds.toReversed()) {
      const run = runs[seed - 1];
      assert(run !== undefined);
      expect(traceOf(await new SimulatedRun(second, { seed }).play())).toBe(traceOf(run));
      const schedule = readSchedule(scheduleText(run.taken));
      expect(traceOf(await new SimulatedRun(second, { schedule }).play())).toBe(traceOf(run));
      expect(rows.splice(0)).toEqual([seen[seed - 1], seen[seed - 1]]);
    }
    await Promise.all([first.close(), second.close()]);
  });

  it("a charge without an idempotency key is found", async () => {
    const gateway: string[] = [];
    const { codes, text } = await findingOf(
      async (data, context) => {
        await standIn("gateway", () => gateway.push(data.orderId));
        await chargeOnce(data, context);
      },
      {
        reset: () => gateway.splice(0),
        holds: () => assert.equal(new Set(gateway).size, gateway.length),
      },
    );
    expect(codes).toEqual(["INVARIANT"]);
    expect(text).toMatch(/1 is enough|1 departure from the calm run/);
  });

  it("a sum that a handler keeps beside its transaction is found", async () => {
    let cents = 0;
    const { codes } = await findingOf(
      async (data, context) => {
        cents += data.cents;
        await chargeOnce(data, context);
      },
      {
        reset: () => {
          cents = 0;
        },
        async always({ rows }) {
          const { rows: sums } = await rows("payment").query(
            "SELECT coalesce(sum(cents), 0)::int AS cents FROM charges",
          );
          assert(Number(sums[0]?.cents) <= cents);
        },
        async holds({ rows, sagas }) {
          if ([...sagas.values()].includes("failed")) return;
          const { rows: sums } = await rows("payment").query("SELECT sum(cents) FROM charges");
          assert.equal(Number(sums[0]?.sum), cents);
        },
      },
    );
    expect(codes).toEqual(["INVARIANT"]);
  });

  it("`always` sees no row before its commit", async () => {
    let most = 0;
    const { choreography, options } = pgShopWith(chargeOnce, {
      async always({ rows }) {
        const { rows: charges } = await rows("payment").query("SELECT cents FROM charges");
        const { rows: balance } = await rows("payment").query("SELECT cents FROM balance");
        const sum = charges.reduce((all, row) => all + Number(row.cents), 0);
        assert.equal(Number(balance[0]?.cents), sum);
        most = Math.max(most, charges.length);
      },
    });
    await simulate(choreography, { ...options, seeds: 200 });
    expect(most).toBe(3);
  });

  it("a transaction waits while rows are looked at", async () => {
    const database = (await openPglite(["payment"]))("payment");
    const store = database.open();
    await store.open({ service: "payment", owner: "one", leaseMs: 1_000, now: Date.now });
    const order: string[] = [];
    const looked = database.undisturbed(async () => {
      for (let n = 0; n < 20; n++) await database.rows.query("SELECT 1");
      order.push("looked");
    });
    await store.transaction(async ({ native }) => {
      await native.query("CREATE TABLE notes (text text)");
      order.push("wrote");
    });
    await looked;
    expect(order).toEqual(["looked", "wrote"]);
    await database.close();
  });

  it("a statement that fails is a failure of its handler, and is given up on", async () => {
    const { codes, text } = await findingOf(async (data, context) => {
      await chargeOnce(data, context);
      await context.tx.query("INSERT INTO charges (id, order_id) VALUES (1, 'x')");
    });
    expect([codes, text]).toEqual([["PARKED"], expect.stringContaining("given up on")]);
  });

  it("another store than that of the handlers is refused", async () => {
    const { choreography, options } = pgShopWith(chargeOnce);
    await expect(simulation(choreography, options).prepare("sqlite")).rejects.toMatchObject({
      code: "OPTION_INVALID",
    });
  });
});
