import { sqlite } from "odori/sqlite";
import { given, testSaga } from "odori/testing";
import { describe, expect, it } from "vitest";
import trip from "../../examples/pages/trip.ts";
import * as e from "../../examples/pages/trip-contracts.ts";

const data = { tripId: "t-1" };

/** Options of a rehearsal, and how often its clock has been put forward. */
function counted() {
  const times: number[] = [];
  const clock = async (now: number) => void times.push(now);
  return { inSqlite: { store: () => sqlite(":memory:"), clock }, steps: () => times.splice(0) };
}

describe("time in a rehearsal", () => {
  it("15 minutes without anything due are one step, and a day is a few", async () => {
    const { inSqlite, steps } = counted();
    const saga = await testSaga(trip, inSqlite);
    await saga.begin(e.requested(data));
    await saga.advance("20m");
    steps();
    await saga.advance("15m");
    expect(steps()).toHaveLength(1);
    await saga.advance("1d");
    expect(steps().length).toBeLessThan(5);
    await saga.advance("30d");
    expect(steps().length).toBeLessThan(100);
  });

  it("nor is there more to do while a service is away", async () => {
    const { inSqlite, steps } = counted();
    const saga = await testSaga(trip, inSqlite);
    await saga.dropOut("car");
    await saga.begin(e.requested(data));
    steps();
    await saga.until(e.abandoned);
    expect(steps().length).toBeLessThan(5);
    await saga.advance("30d");
    expect(steps().length).toBeLessThan(100);
  });

  it("nor after one reaction", async () => {
    const [car] = trip.services.filter(({ name }) => name === "car");
    if (car === undefined) throw new Error("The example has changed.");
    const { inSqlite, steps } = counted();
    const then = await given(e.requested(data)).when(car, inSqlite);
    steps();
    await then.after("30d");
    expect(steps().length).toBeLessThan(100);
  });
});
