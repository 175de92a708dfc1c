import assert from "node:assert/strict";
import { choreography, event, service } from "odori";
import { type SimulationOptions, standIn } from "odori/simulate";
import type { Sql } from "odori/sqlite";
import { z } from "zod";

/*
 * A trip: flight and hotel side by side, a deadline, and an end that only the first may take. Each
 * bug is one that users write.
 */

export const BUGS = [
  "both decide",
  "a hotel that is not released",
  "a refund of the list price",
  "an undo by customer",
  "assumes the flight first",
  "a cache of seats",
  "a set of what was seen",
  "a gateway outside of the transaction",
  "a gateway without an idempotency key",
  "a write that is not awaited",
  "an undo that forgets seats",
  "cancelled before the seats are free",
  "counts what others are doing",
] as const;
export type Bug = (typeof BUGS)[number] | "none";

const payload = z.object({ tripId: z.string(), seats: z.int(), price: z.int() });
const requested = event("trip.requested.v1", payload);
const confirmed = event("trip.confirmed.v1", payload);
const abandoned = event("trip.abandoned.v1", payload);
const expired = event("trip.expired.v1", payload);
const unwound = event("trip.unwound.v1", payload);
const cancelled = event("trip.cancelled.v1", payload);
const flightBooked = event("flight.booked.v1", payload);
const flightRefused = event("flight.refused.v1", payload);
const flightReleased = event("flight.released.v1", payload);
const hotelBooked = event("hotel.booked.v1", payload);
const hotelRefused = event("hotel.refused.v1", payload);
const hotelReleased = event("hotel.released.v1", payload);

const SEATS = 6;
/** More than a hotel takes. */
const TOO_DEAR = 902;

/** What handlers keep outside of their databases. */
class Outside {
  readonly charges: string[] = [];
  readonly seen = new Set<string>();
  seats: number | undefined;

  reset(): void {
    this.charges.length = 0;
    this.seen.clear();
    this.seats = undefined;
  }
}

function tripService(bug: Bug) {
  const firstOf = bug === "both decide" ? {} : { firstOf: "end" };
  return service<Sql>("trip", {
    setup: (tx) =>
      tx.exec(
        `CREATE TABLE IF NOT EXISTS trips (trip_id TEXT PRIMARY KEY, state TEXT NOT NULL,
          flight INTEGER NOT NULL DEFAULT 0, hotel INTEGER NOT NULL DEFAULT 0)`,
      ),
  })
    .begins(requested)
    .deadline(requested, { after: "15m", unless: [confirmed, abandoned], emits: [expired] })
    .on(flightBooked, {
      readonly: true,
      handle({ data }, { tx }) {
        tx.run("UPDATE trips SET flight = 1 WHERE trip_id = ?", data.tripId);
      },
    })
    .on(hotelBooked, {
      readonly: true,
      handle({ data }, { tx }) {
        const noted = bug === "assumes the flight first" ? " AND flight = 1" : "";
        tx.run(`UPDATE trips SET hotel = 1 WHERE trip_id = ?${noted}`, data.tripId);
      },
    })
    .onAll([flightBooked, hotelBooked], {
      name: "all booked",
      ...firstOf,
      emits: [confirmed],
      handle([{ data }], { tx }) {
        tx.run("UPDATE trips SET state = 'confirmed' WHERE trip_id = ?", data.tripId);
        return confirmed(data);
      },
    })
    .on([flightRefused, hotelRefused, expired], {
      name: "give up",
      ...firstOf,
      readonly: true,
      emits: [abandoned],
      handle: ({ data }) => abandoned(data),
    })
    .onAll([flightReleased, hotelReleased], {
      name: "all released",
      readonly: true,
      emits: [unwound],
      handle: ([{ data }]) => unwound(data),
    })
    .undo(requested, {
      on: [bug === "cancelled before the seats are free" ? abandoned : unwound],
      emits: [cancelled],
      handle({ data }, { tx }) {
        tx.run("UPDATE trips SET state = 'cancelled' WHERE trip_id = ?", data.tripId);
        return cancelled(data);
      },
    });
}

function flightService(bug: Bug, outside: Outside) {
  return service<Sql>("flight", {
    setup: (tx) =>
      tx.exec(
        `CREATE TABLE IF NOT EXISTS seats (trip_id TEXT, customer TEXT, seats INTEGER);
        CREATE TABLE IF NOT EXISTS plane (free INTEGER NOT NULL);
        INSERT INTO plane SELECT ${SEATS} WHERE NOT EXISTS (SELECT 1 FROM plane)`,
      ),
  })
    .on(requested, {
      emits: [flightBooked],
      fails: [flightRefused],
      async handle({ id, data }, { tx }) {
        if (bug === "a set of what was seen") {
          if (outside.seen.has(id)) return flightBooked(data);
          outside.seen.add(id);
        }
        let free = Number(tx.get("SELECT free FROM plane")?.free);
        if (bug === "a cache of seats") free = outside.seats ??= free;
        if (free < data.seats) return flightRefused(data);
        if (bug === "a gateway outside of the transaction") outside.charges.push(data.tripId);
        if (bug === "a gateway without an idempotency key")
          await standIn("gateway", () => outside.charges.push(data.tripId));
        if (bug === "a cache of seats") {
          outside.seats = free - data.seats;
          tx.run("UPDATE plane SET free = ?", outside.seats);
        } else tx.run("UPDATE plane SET free = free - ?", data.seats);
        const write = () =>
          tx.run(
            "INSERT INTO seats VALUES (?, ?, ?)",
            data.tripId,
            `c${data.price % 2}`,
            data.seats,
          );
        if (bug === "a write that is not awaited") {
          const later = async () => {
            for (let turn = 0; turn < 30; turn++) await null;
            write();
          };
          later().catch(() => {});
        } else write();
        return flightBooked(data);
      },
    })
    .undo(flightBooked, {
      on: [abandoned],
      emits: [flightReleased],
      handle({ data }, { tx }) {
        if (bug !== "an undo that forgets seats" || data.seats < 3)
          tx.run("UPDATE plane SET free = free + ?", data.seats);
        if (bug === "a cache of seats") outside.seats = (outside.seats ?? 0) + data.seats;
        if (bug === "an undo by customer")
          tx.run("DELETE FROM seats WHERE customer = ?", `c${data.price % 2}`);
        else tx.run("DELETE FROM seats WHERE trip_id = ?", data.tripId);
        return flightReleased(data);
      },
    });
}

function hotelService(bug: Bug) {
  const hotel = service<Sql>("hotel", {
    setup: (tx) => tx.exec("CREATE TABLE IF NOT EXISTS rooms (trip_id TEXT, cents INTEGER)"),
  }).on(requested, {
    emits: [hotelBooked],
    fails: [hotelRefused],
    handle({ data }, { tx }) {
      const rooms = Number(tx.get("SELECT count(*) AS n FROM rooms WHERE cents > 0")?.n);
      if (data.price === TOO_DEAR) return hotelRefused(data);
      if (bug === "counts what others are doing" && rooms >= 2) throw new Error("There are two.");
      const cents = data.seats > 2 ? data.price - 10 : data.price;
      tx.run("INSERT INTO rooms VALUES (?, ?)", data.tripId, cents);
      return hotelBooked(data);
    },
  });
  const release = { on: [abandoned], emits: [hotelReleased] } as const;
  if (bug === "a hotel that is not released")
    return hotel.undo(hotelBooked, { ...release, handle: ({ data }) => hotelReleased(data) });
  return hotel.undo(hotelBooked, {
    ...release,
    handle({ data }, { tx }) {
      const paid = tx.get("SELECT sum(cents) AS c FROM rooms WHERE trip_id = ?", data.tripId)?.c;
      const back = bug === "a refund of the list price" ? data.price : Number(paid ?? 0);
      tx.run("INSERT INTO rooms VALUES (?, ?)", data.tripId, -back);
      return hotelReleased(data);
    },
  });
}

/** The trip saga, with a bug in it, and what has to hold of up to `most` trips. */
export function tripWith(bug: Bug = "none", most = 3) {
  const outside = new Outside();
  const trip = tripService(bug);
  const options: SimulationOptions<Sql> = {
    reset: () => outside.reset(),
    given(given) {
      const count = given.int(1, most);
      for (let n = 1; n <= count; n++) {
        const tripId = `t-${n}`;
        const data = { tripId, seats: given.int(1, 4), price: given.pick([100, 301, TOO_DEAR]) };
        given.begin(trip, tripId, (tx) => {
          tx.run("INSERT INTO trips (trip_id, state) VALUES (?, 'requested')", tripId);
          return requested(data);
        });
      }
    },
    always({ rows }) {
      for (const { trip_id: id } of rows("trip").all(
        "SELECT trip_id FROM trips WHERE state = 'cancelled'",
      ))
        assert.deepEqual(
          rows("flight").all("SELECT * FROM seats WHERE trip_id = ?", id ?? ""),
          [],
          `${id} is cancelled, and has seats`,
        );
    },
    holds({ rows, sagas }) {
      const seats = rows("flight").all("SELECT trip_id, seats FROM seats");
      const [plane] = rows("flight").all("SELECT free FROM plane");
      const rooms = rows("hotel").all(
        "SELECT trip_id, sum(cents) AS cents FROM rooms GROUP BY trip_id",
      );
      for (const { trip_id: id, state, flight, hotel } of rows("trip").all("SELECT * FROM trips")) {
        const done = sagas.get(String(id)) === "succeeded";
        assert.equal(state, done ? "confirmed" : "cancelled", `the state of ${id}`);
        const own = seats.filter((row) => row.trip_id === id).length;
        assert.equal(own, done ? 1 : 0, `the seats of ${id}`);
        const cents = Number(rooms.find((row) => row.trip_id === id)?.cents ?? 0);
        assert.equal(cents > 0, done, `the room of ${id} costs ${cents}`);
        if (!done) assert.equal(cents, 0, `the room of ${id}`);
        if (done) assert.deepEqual([flight, hotel], [1, 1], `what is noted of ${id}`);
        const charged = outside.charges.filter((one) => one === id).length;
        assert.ok(charged < 2, `${id} is charged ${charged} times`);
      }
      const taken = seats.reduce((sum, row) => sum + Number(row.seats), 0);
      assert.equal(Number(plane?.free) + taken, SEATS, "the seats of the plane");
    },
  };
  const services = [trip, flightService(bug, outside), hotelService(bug)];
  const ends = { begins: [requested], succeeds: [confirmed], fails: [cancelled] };
  return { choreography: choreography("trip", { services, ...ends }), options };
}
