/* What must not compile: an event that the service under test does not know. */

import { type Choreography, choreography, event, type Service, service, start } from "odori";
import { memoryBus } from "odori/memory";
import { postgres } from "odori/postgres";
import { simulation } from "odori/simulate";
import { type Sql, sqlite } from "odori/sqlite";
import { given, testSaga } from "odori/testing";
import { z } from "zod";

const payload = z.object({ orderId: z.string() });
const placed = event("order.placed.v1", payload);
const paid = event("bank.paid.v1", payload);
const expired = event("order.expired.v1", payload);
const cancelled = event("order.cancelled.v1", payload);
const placed2 = event("order.placed.v2", payload, { from: [placed, (old) => old] });
const data = { orderId: "o-1" };

const order = service<Sql>("order")
  .begins(placed)
  .deadline(placed, { after: "15m", unless: [paid], emits: [expired] })
  .undo(placed, { on: [expired], emits: [cancelled], handle: (one) => cancelled(one.data) });
const options = { store: () => sqlite(":memory:") };

export const known = [
  given(placed(data)).when(order, options),
  given(placed(data), paid(data), expired(data)).when(order, options),
  // A version that it reads, though it names another one.
  given(placed(data)).when(service<Sql>("mail").on(placed2, { handle: () => {} }), options),
  // Of a service of which the types do not tell, all are taken.
  given(cancelled(data)).when(order as Service<Sql, typeof placed>, options),
];

// @ts-expect-error it emits this event, and does not hear it
void given(placed(data), cancelled(data)).when(order, options);
// @ts-expect-error a handler of SQLite gets no transaction of another store
void given(placed(data)).when(order, { store: () => ({ durable: false }) });
void given(placed(data)).when(order, {
  ...options,
  // @ts-expect-error `tx` is the one of the service's store
  setup: (tx) => tx.raw("SELECT 1"),
});

// Neither is a service of SQLite one of another store, nor its choreography.
const till = choreography("till", { services: [order], begins: [placed], succeeds: [cancelled] });
const onPostgres = { store: () => postgres() };
// @ts-expect-error
void start(order, { ...onPostgres, store: onPostgres.store(), bus: memoryBus([order]) });
// @ts-expect-error
void testSaga(till, onPostgres);
// @ts-expect-error
void simulation(till, { given() {}, store: "pglite" });
// It is read, drawn and checked with any store.
export const read: readonly Choreography[] = [till];
