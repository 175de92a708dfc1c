import assert from "node:assert/strict";
import { test } from "node:test";
import type { Tx } from "odori";
import { sqlite } from "odori/sqlite";
import { given, type SagaTest, testSaga } from "odori/testing";
import choreography from "../src/choreography.ts";
import { orderPlaced, stockSoldOut } from "../src/events.ts";
import { payment } from "../src/payment.ts";

const inMemory = { store: () => sqlite(":memory:") };
const placed = (sku: string) => orderPlaced({ orderId: "o-1", sku, cents: 500 });

async function chargesOf(saga: SagaTest<Tx>) {
  const { rows } = await saga.rows("payment", (tx) => tx.query("SELECT * FROM charges"));
  return rows.map((row) => ({ ...row }));
}

test("a fan is paid for", async () => {
  const saga = await testSaga(choreography, inMemory);
  await saga.begin(placed("fan"));
  await saga.assertEnded("succeeded");
  assert.deepEqual(await chargesOf(saga), [{ order_id: "o-1", cents: 500 }]);
});

test("umbrellas are sold out: the money is given back", async () => {
  const saga = await testSaga(choreography, inMemory);
  await saga.begin(placed("umbrella"));
  await saga.assertEnded("failed");
  await saga.assertUndone();
  assert.deepEqual(await chargesOf(saga), []);
});

test("the same order twice is charged once", async () => {
  const saga = given(placed("fan"), placed("fan"));
  const then = await saga.when(payment, inMemory);
  const { rows } = await then.rows((tx) => tx.query("SELECT cents FROM charges"));
  assert.deepEqual(
    rows.map(({ cents }) => cents),
    [500],
  );
});

test("a refund that overtakes its charge bars it", async () => {
  const saga = given(stockSoldOut({ orderId: "o-1" }), placed("fan"));
  const { disposition, emitted } = await saga.when(payment, inMemory);
  assert.equal(disposition, "suppressed");
  assert.deepEqual(emitted, []);
});
