/*
 * A trip: hotel, flight and car are booked at the same time, and paid for once all three are there.
 * When one of them refuses, the payment is declined, or 15 minutes pass, every leg that was booked
 * is released before the trip is cancelled.
 *
 *   npm run example examples/pages/trip.ts
 */
import { choreography, service, start, systemEnvironment } from "odori";
import { memoryBus } from "odori/memory";
import { type Sql, sqlite } from "odori/sqlite";
import { stepsUntil, story } from "../support/story.ts";
import * as e from "./trip-contracts.ts";

const trip = service<Sql>("trip")
  .begins(e.requested)
  .deadline(e.requested, { after: "15m", unless: [e.reserved, e.abandoned], emits: [e.expired] })
  .onAll([e.hotel.booked, e.flight.booked, e.car.booked], {
    name: "all booked",
    firstOf: "decision",
    readonly: true,
    emits: [e.reserved],
    handle: ([{ data }]) => e.reserved(data),
  })
  .on([e.hotel.refused, e.flight.refused, e.car.refused, e.expired], {
    name: "give up",
    firstOf: "decision",
    readonly: true,
    emits: [e.abandoned],
    handle: ({ data }) => e.abandoned(data),
  })
  .on(e.declined, { readonly: true, emits: [e.abandoned], handle: ({ data }) => e.abandoned(data) })
  .on(e.charged, { emits: [e.confirmed], handle: ({ data }) => e.confirmed(data) })
  .onAll([e.hotel.released, e.flight.released, e.car.released], {
    name: "all released",
    readonly: true,
    emits: [e.unwound],
    handle: ([{ data }]) => e.unwound(data),
  })
  .undo(e.requested, {
    on: [e.unwound],
    emits: [e.cancelled],
    handle: ({ data }) => e.cancelled(data),
  });

/** The airline answers when this program says so. */
const airline = Promise.withResolvers<void>();

const leg = (name: string, { booked, refused, released }: e.Leg) =>
  service<Sql>(name)
    .on(e.requested, {
      emits: [booked],
      fails: [refused],
      async handle({ data }) {
        if (data.tripId === `late ${name}`) await airline.promise;
        return data.tripId === `no ${name}` ? refused(data) : booked(data);
      },
    })
    // Where nothing was booked there is nothing to undo, and the answer is the same.
    .undo(booked, { on: [e.abandoned], emits: [released], handle: ({ data }) => released(data) });

const payment = service<Sql>("payment").on(e.reserved, {
  emits: [e.charged],
  fails: [e.declined],
  handle: ({ data }) => (data.tripId === "no money" ? e.declined(data) : e.charged(data)),
});

const legs = [leg("hotel", e.hotel), leg("flight", e.flight), leg("car", e.car)];
export default choreography("trip", {
  services: [trip, ...legs, payment],
  begins: [e.requested],
  succeeds: [e.confirmed],
  fails: [e.cancelled],
});

if (import.meta.main) {
  let aheadMs = 0; // of a clock that this program puts forward
  const environment = { ...systemEnvironment, now: () => systemEnvironment.now() + aheadMs };
  const bus = memoryBus([trip, ...legs, payment]);
  const on = () => ({ store: sqlite(":memory:"), bus, environment, pollMs: 10 });
  const trips = await start(trip, on());
  const others = await Promise.all([...legs, payment].map((one) => start(one, on())));
  const apps = [trips, ...others];
  const book = (tripId: string) => trips.begin(tripId, () => e.requested({ tripId }));

  await book("trip-1");
  await story("All is well:", apps, "trip-1", { trip: e.confirmed });
  for (const tripId of ["no car", "no money"]) {
    await book(tripId);
    await story(`There is ${tripId}:`, apps, tripId, { trip: e.cancelled });
  }
  await book("late flight");
  aheadMs += 15 * 60_000;
  await stepsUntil([trips], "late flight", { trip: e.abandoned });
  airline.resolve();
  await story("The airline answers too late:", apps, "late flight", { trip: e.cancelled });

  await Promise.all(apps.map((app) => app.stop()));
  await bus.close();
}
