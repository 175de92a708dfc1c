import assert from "node:assert/strict";
import { choreography, event, service, systemEnvironment } from "odori";
import type { Runner } from "odori/conformance";
import { type Sql, sqlite } from "odori/sqlite";
import { given, testSaga } from "odori/testing";
import { z } from "zod";
import trip from "../../examples/pages/trip.ts";
import * as e from "../../examples/pages/trip-contracts.ts";

const data = { tripId: "t-1" };
const inMemory = { store: () => sqlite(":memory:") };
const asked = event("order.placed.v1", z.object({}));
const answered = event("order.completed.v1", z.object({}));

/** What holds for the testing kit, in the smallest form. */
export function rehearsedScenarios({ it }: Runner): void {
  it("a handler that waits for the test is given up, and named as long as it waits", async () => {
    const test = Promise.withResolvers<void>();
    const order = service<Sql>("order").begins(asked);
    const slow = service<Sql>("shipping").on(asked, {
      emits: [answered],
      handle: () => test.promise.then(() => answered({})),
    });
    const services = [order, slow];
    const whole = choreography("slow", { services, begins: [asked], succeeds: [answered] });
    const saga = await testSaga(whole, { ...inMemory, patienceMs: 1 });
    await saga.begin(asked({}));
    assert.match(await saga.picture(), /has not returned yet/);
    test.resolve();
    await saga.settle();
    await saga.assertEnded("succeeded");
  });

  it("the messages of a service that is away wait for it, and its database is there", async () => {
    const saga = await testSaga(trip, inMemory);
    await saga.begin(e.requested(data));
    await saga.dropOut("car");
    await saga.begin(e.requested({ tripId: "t-2" }));
    await saga.comeBack("car");
    await saga.assertEnded("succeeded");
    assert.equal((await saga.of("saga-1").steps()).length, 9);
  });

  it("a deadline on the way of a jump fires at its own time", async () => {
    const saga = await testSaga(trip, inMemory);
    await saga.dropOut("car");
    await saga.begin(e.requested(data));
    await saga.advance("1h");
    const times = saga.events.flatMap(({ type, time }) => (type === e.expired.type ? [time] : []));
    assert.deepEqual(times, ["2026-01-01T00:15:00.001Z"]);
  });

  it("a day in which nothing is due is a few steps", async () => {
    let steps = 0;
    const clock = async () => void steps++;
    const saga = await testSaga(trip, { ...inMemory, clock });
    await saga.begin(e.requested(data));
    await saga.advance("1d");
    assert.ok(steps < 10, `${steps} steps`);
  });

  it("what is undone is not left behind", async () => {
    const saga = await testSaga(trip, inMemory);
    await saga.begin(e.requested({ tripId: "no car" }));
    await saga.assertEnded("failed");
    await saga.assertUndone();
  });

  it("the same fact is the same message", async () => {
    const fact = e.requested(data);
    const [car] = trip.services.filter(({ name }) => name === "car");
    if (car === undefined) throw new Error("The example has changed.");
    assert.deepEqual((await given(fact, fact).when(car, inMemory)).reactions, []);
  });

  it("the same fact is another message for another saga", async () => {
    const paid = event("bank.paid.v1", z.object({}));
    const order = service<Sql>("order")
      .begins(asked)
      .on(paid, { emits: [answered], handle: () => answered({}) });
    const options = { services: [order], begins: [asked], arrives: [paid], succeeds: [answered] };
    const saga = await testSaga(choreography("paid", options), inMemory);
    const fact = paid({});
    for (const _ of ["first", "second"]) {
      await saga.begin(asked({}));
      await saga.arrive(fact);
      await saga.assertEnded("succeeded");
    }
  });

  it("a statement after its handler fails the test", async () => {
    const setup = (tx: Sql) => tx.exec("CREATE TABLE IF NOT EXISTS entries (id TEXT)");
    const hasty = service<Sql>("shipping", { setup }).on(asked, {
      handle(_, { tx }) {
        const insert = () => tx.run("INSERT INTO entries VALUES ('1')");
        void Promise.resolve().then(insert);
      },
    });
    const when = given(asked({})).when(hasty, inMemory);
    await assert.rejects(when, { code: "STATEMENT_NOT_AWAITED" });
  });

  it("a fake clock that replaces the system's is seen", async () => {
    const { now } = Date;
    Date.now = () => 1;
    try {
      assert.equal(systemEnvironment.now(), 1);
    } finally {
      Date.now = now;
    }
  });
}
