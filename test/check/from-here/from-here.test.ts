import { describe, expect, it } from "vitest";
import choreography from "../../../examples/order/choreography.ts";
import { FromHere, type Outlook } from "../../../src/check/from-here/from-here.ts";
import { manifestOf } from "../../../src/check/index.ts";
import { toManifest } from "../../../src/manifest/read.ts";
import type { ServiceHistory } from "../../../src/observe/summary.ts";
import type { Deferred } from "../../../src/ports/deferred.ts";
import type { Disposition, Emission, JournalRecord } from "../../../src/ports/journal.ts";

const PLACED = "order.placed.v1";
const AUTHORIZED = "payment.authorized.v1";
const FAILED = "inventory.reservation_failed.v1";

interface Row {
  readonly service: string;
  readonly record: JournalRecord;
}

function row(
  service: string,
  reaction: string,
  [id, type]: readonly [string, string],
  disposition: Disposition,
  effect?: string,
  emitted: readonly Emission[] = [],
): Row {
  const key = { reaction, source: "/x", id, type, sagaId: "s", causationId: undefined };
  const rest = { seq: 0, duplicates: 0, fingerprint: undefined, at: 0 };
  return { service, record: { ...key, ...rest, disposition, effect, emitted } };
}

const placed = row("order", "begin", ["e1", PLACED], "begun", "order.placed", [
  { id: "e1", type: PLACED },
]);
const authorized = row("payment", "order.placed", ["e1", PLACED], "done", "payment.authorized", [
  { id: "e2", type: AUTHORIZED },
]);
const refused = row("inventory", "reserve", ["e2", AUTHORIZED], "refused", undefined, [
  { id: "e3", type: FAILED },
]);
const parked = row("payment", "order.placed", ["e1", PLACED], "parked");

const SERVICES = ["order", "payment", "inventory", "shipping"];

function historiesOf(rows: readonly Row[], deferred: readonly Deferred[] = []): ServiceHistory[] {
  return SERVICES.map((service) => {
    const journal = rows.filter((one) => one.service === service).map(({ record }) => record);
    const own = service === "payment" ? deferred : [];
    const known = { sagaId: "s", born: 0, last: 0, correlationId: "s" };
    return { service, history: { ...known, journal, deferred: own } };
  });
}

const order = new FromHere(manifestOf(choreography));

function outlookOf(
  rows: readonly Row[],
  fromHere = order,
  deferred: readonly Deferred[] = [],
): Outlook {
  const outlook = fromHere.of(historiesOf(rows, deferred), new Set(SERVICES));
  if (outlook === undefined) throw new Error("nothing was explored");
  return outlook;
}

describe("the outlook of a saga", () => {
  it("at its beginning everything may happen", () => {
    const { ahead, cannot, next } = outlookOf([placed]);
    expect(ahead).toMatchObject({
      complete: true,
      atRest: false,
      good: ["failure", "success"],
      bad: [],
      violations: [],
    });
    expect(cannot).toEqual([]);
    expect(next).toMatchObject([
      { service: "payment", hears: PLACED },
      { service: "inventory", hears: PLACED },
      { service: "shipping", hears: PLACED },
    ]);
    expect(next[0]?.outcomes).toMatchObject([
      { kind: "success", emits: [AUTHORIZED], rest: "success" },
      { kind: "failure", rest: "failure" },
    ]);
  });

  it("once stock has refused, it can only fail, and says by what", () => {
    const { ahead, cannot, next } = outlookOf([placed, authorized, refused]);
    expect(ahead.good).toEqual(["failure"]);
    expect(ahead.events).toEqual(["order.cancelled.v1", "payment.refunded.v1"]);
    expect(cannot).toContain("shipping.requested.v1");
    const refund = next.find(({ hears }) => hears === FAILED);
    expect(refund).toMatchObject({
      service: "payment",
      outcomes: [{ emits: ["payment.refunded.v1"], follows: ["order.cancelled.v1"] }],
    });
  });

  it("the order of rows does not matter", () => {
    const one = outlookOf([placed, authorized, refused]);
    expect(outlookOf([refused, authorized, placed])).toEqual(one);
  });

  it("what is parked may be retried, or discarded: then the saga is stuck", () => {
    const { ahead, ifRetried, ifDiscarded } = outlookOf([placed, parked]);
    expect(ahead).toMatchObject({ good: [], bad: ["no end"] });
    expect(ahead.violations.map(({ code }) => code)).toEqual(["PARKED_STUCK"]);
    expect(ifRetried).toMatchObject({ good: ["failure", "success"], bad: [] });
    expect(ifDiscarded).toMatchObject({ good: [], bad: ["no end"] });
  });

  it("what a person has let run again is not parked, though its row says so", () => {
    const problem = undefined;
    const body = { malformed: false, text: "[]" };
    const key = { reaction: "order.placed", sagaId: "s", source: "/x", id: "e1", type: PLACED };
    const rest = { seq: 1, attempts: 0, claims: 0, dueAt: 0, at: 0, reason: undefined };
    const retried: Deferred = { ...key, ...rest, problem, body, state: "retrying" };
    const { ahead } = outlookOf([placed, parked], order, [retried]);
    expect(ahead.good).toEqual(["failure", "success"]);
  });

  it("a broken choreography is seen to be doomed before it is stuck", () => {
    const manifest = manifestOf(choreography);
    // Payment does not undo on the refusal: the mistake of the README.
    const services = new Map(
      [...manifest.services].map(([name, service]) => [
        name,
        {
          ...service,
          reactions: service.reactions.map((entry) => ({
            ...entry,
            hears: entry.hears.filter((type) => type !== FAILED || name !== "payment"),
          })),
        },
      ]),
    );
    const broken = new FromHere({ ...manifest, services });
    const { ahead } = outlookOf([placed, authorized, refused], broken);
    expect(ahead).toMatchObject({ good: [], bad: ["no end"] });
    expect(outlookOf([placed], broken).ahead).toMatchObject({ good: ["failure", "success"] });
  });

  it("a search that ends early says so", () => {
    const fresh = new FromHere(manifestOf(choreography));
    const cut = fresh.of(historiesOf([placed]), new Set(SERVICES), { statesMax: 2 });
    expect(cut).toMatchObject({ ahead: { complete: false }, cannot: [] });
  });

  it("names what it does not know", () => {
    const stranger = row("payment", "order.forgotten", ["e9", "order.lost.v1"], "done");
    const { doubts } = outlookOf([placed, stranger]);
    expect(doubts).toMatchObject({
      strangers: ["order.lost.v1"],
      unknownParts: ["payment/order.forgotten"],
      unread: [],
    });
    const unread = order.of(historiesOf([placed]), new Set(["order", "payment", "inventory"]));
    expect(unread?.doubts.unread).toEqual(["shipping"]);
  });

  it("of effects with a key it knows two, and says when a saga has more", () => {
    const seats = new FromHere(
      toManifest({
        odori: 1,
        name: "seats",
        begins: ["trip.asked.v1"],
        succeeds: ["trip.booked.v1"],
        fails: ["trip.failed.v1"],
        services: {
          trip: {
            begins: ["trip.asked.v1"],
            reactions: [{ on: ["seat.taken.v1"], emits: ["trip.booked.v1"], readonly: true }],
          },
          seat: {
            reactions: [{ on: ["trip.asked.v1"], emits: ["seat.taken.v1"], keyed: true }],
          },
        },
      }),
    );
    const taken = (n: number) =>
      row("seat", "trip.asked", [`e${n}`, "trip.asked.v1"], "done", "seat.taken", [
        { id: `s${n}`, type: "seat.taken.v1" },
      ]);
    const asked = [1, 2, 3].map((n) => ({ id: `e${n}`, type: "trip.asked.v1" }));
    const begun = row("trip", "begin", ["e1", "trip.asked.v1"], "begun", "trip.asked", asked);
    const few = seats.of(
      [...historiesOf([]), ...parts([begun, taken(1), taken(2)])],
      new Set(["trip", "seat"]),
    );
    expect(few?.doubts).toMatchObject({ keyed: ["seat/seat.taken"], moreKeys: [] });
    const many = seats.of(parts([begun, taken(1), taken(2), taken(3)]), new Set(["trip", "seat"]));
    expect(many?.doubts.moreKeys).toEqual(["seat.taken"]);
  });
});

function parts(rows: readonly Row[]): ServiceHistory[] {
  return ["trip", "seat"].map((service) => {
    const journal = rows.filter((one) => one.service === service).map(({ record }) => record);
    const known = { sagaId: "s", born: 0, last: 0, correlationId: "s" };
    return { service, history: { ...known, journal, deferred: [] } };
  });
}
