import assert from "node:assert/strict";
import { test } from "node:test";
import type { Tx } from "odori";
import { type TestSchemas, testSchemas } from "odori/postgres";
import { given, type SagaTest, testSaga } from "odori/testing";
import choreography from "../src/choreography.ts";
import { orderPlaced, stockSoldOut } from "../src/events.ts";
import { payment } from "../src/payment.ts";
import { DATABASE_URL } from "../src/servers.ts";

const placed = (sku: string) => orderPlaced({ orderId: "o-1", sku, cents: 500 });

async function withSchemas(work: (schemas: TestSchemas) => Promise<void>): Promise<void> {
  const schemas = await testSchemas(DATABASE_URL);
  await work(schemas).finally(() => schemas[Symbol.asyncDispose]());
}

function withSaga(work: (saga: SagaTest<Tx>) => Promise<void>): Promise<void> {
  return withSchemas(async (schemas) => {
    const saga = await testSaga(choreography, schemas);
    await work(saga).finally(() => saga[Symbol.asyncDispose]());
  });
}

async function chargesOf(saga: SagaTest<Tx>): Promise<unknown> {
  const read = await saga.rows("payment", (tx) => tx.query("SELECT cents FROM charges"));
  return read.rows;
}

test("a fan is paid for", () =>
  withSaga(async (saga) => {
    await saga.begin(placed("fan"));
    await saga.assertEnded("succeeded");
    assert.deepEqual(await chargesOf(saga), [{ cents: 500 }]);
  }));

test("umbrellas are sold out: the money is given back", () =>
  withSaga(async (saga) => {
    await saga.begin(placed("umbrella"));
    await saga.assertEnded("failed");
    await saga.assertUndone();
    assert.deepEqual(await chargesOf(saga), []);
  }));

test("a refund that overtakes its charge bars it", () =>
  withSchemas(async (schemas) => {
    const events = given(stockSoldOut({ orderId: "o-1" }), placed("fan"));
    const then = await events.when(payment, schemas);
    try {
      assert.equal(then.disposition, "suppressed");
      assert.deepEqual(then.emitted, []);
    } finally {
      await then[Symbol.asyncDispose]();
    }
  }));
