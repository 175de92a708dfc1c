/*
 * The first of two wins. Two taxi companies set a car aside; the ride takes the first that answers,
 * and the other one gets its car back. `firstOf` names the decision, `late` says what follows for
 * the one that comes second.
 *
 *   npm run example examples/pages/first-of-two.ts
 */
import { choreography, event, service, start } from "odori";
import { memoryBus } from "odori/memory";
import { type Sql, sqlite } from "odori/sqlite";
import { z } from "zod";
import { story } from "../support/story.ts";

const payload = z.object({ rideId: z.string() });
const rideRequested = event("ride.requested.v1", payload);
const rideAssigned = event("ride.assigned.v1", payload);
const rideRedDeclined = event("ride.red_declined.v1", payload);
const rideBlueDeclined = event("ride.blue_declined.v1", payload);
const redReserved = event("red.reserved.v1", payload);
const blueReserved = event("blue.reserved.v1", payload);

/** Lets this program decide who is first: blue answers once red's car is taken. */
const redIsTaken = Promise.withResolvers<void>();

// `readonly`: the ride keeps nothing of its own that would have to be undone.
const ride = service<Sql>("ride")
  .begins(rideRequested)
  .on(redReserved, {
    firstOf: "car",
    readonly: true,
    emits: [rideAssigned],
    handle({ data }) {
      redIsTaken.resolve();
      return rideAssigned(data);
    },
    late: { emits: [rideRedDeclined], handle: ({ data }) => rideRedDeclined(data) },
  })
  .on(blueReserved, {
    firstOf: "car",
    readonly: true,
    emits: [rideAssigned],
    handle: ({ data }) => rideAssigned(data),
    late: { emits: [rideBlueDeclined], handle: ({ data }) => rideBlueDeclined(data) },
  });

const red = service<Sql>("red")
  .on(rideRequested, { emits: [redReserved], handle: ({ data }) => redReserved(data) })
  .undo(redReserved, { on: [rideRedDeclined], handle: () => {} });

const blue = service<Sql>("blue")
  .on(rideRequested, {
    emits: [blueReserved],
    async handle({ data }) {
      await redIsTaken.promise;
      return blueReserved(data);
    },
  })
  .undo(blueReserved, { on: [rideBlueDeclined], handle: () => {} });

export default choreography("first_of_two", {
  services: [ride, red, blue],
  begins: [rideRequested],
  succeeds: [rideAssigned],
  oneOf: [[redReserved, blueReserved]],
});

if (import.meta.main) {
  const bus = memoryBus([ride, red, blue]);
  const on = () => ({ store: sqlite(":memory:"), bus });
  const rides = await start(ride, on());
  const apps = [rides, await start(red, on()), await start(blue, on())];

  await rides.begin("ride-1", () => rideRequested({ rideId: "ride-1" }));
  await story("Red is first:", apps, "ride-1", { blue: rideBlueDeclined });

  await Promise.all(apps.map((app) => app.stop()));
  await bus.close();
}
