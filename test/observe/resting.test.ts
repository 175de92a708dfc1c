import type { Disposition, JournalRecord } from "odori";
import { type HearersOf, summarize } from "odori/observe";
import { describe, expect, it } from "vitest";
import { restingPlace } from "../../src/observe/resting.ts";

const hearers: readonly HearersOf[] = [
  new Map([
    [
      "placed",
      [
        { service: "payment", reaction: "charge", since: 0 },
        { service: "mail", reaction: "write", since: 0, onlyListens: true },
      ],
    ],
  ]),
];

interface Step {
  readonly service: string;
  readonly reaction: string;
  readonly id: string;
  readonly at: number;
  readonly emitted?: readonly string[];
  readonly disposition?: Disposition;
}

const recordOf = ({ service: _, emitted = [], disposition = "done", ...step }: Step) => ({
  ...{ source: "/order", type: "placed.v1", sagaId: "s", causationId: undefined, ...step },
  ...{ effect: undefined, seq: step.at, duplicates: 0, fingerprint: undefined, disposition },
  emitted: emitted.map((id) => ({ id, type: `${id}.v1` })),
});

const began: Step = {
  ...{ service: "order", reaction: "begin", id: "placed", at: 1, disposition: "begun" },
  emitted: ["placed"],
};
const charged: Step = { service: "payment", reaction: "charge", id: "placed", at: 2 };
const written: Step = { service: "mail", reaction: "write", id: "placed", at: 9 };

function placeOf(...steps: readonly Step[]) {
  const rows = steps.map((step) => ({ service: step.service, record: recordOf(step) }));
  const places = [rows, rows.toReversed()].map((some) => restingPlace(some, hearers));
  expect(places[1]).toEqual(places[0]);
  const { service = "", reaction = "", emitted = [] } = places[0] ?? {};
  return [service, reaction, ...emitted].join(" ");
}

describe("where a saga came to rest", () => {
  it("is the last step, and not a reaction that emits nothing in any case", () => {
    expect(placeOf(began, charged, written)).toBe("payment charge");
    expect(placeOf(began, written)).toBe("order begin placed.v1");
    expect(placeOf(written)).toBe("mail write");
    expect(restingPlace([], hearers)).toBeUndefined();
  });

  it("is behind what has led on, also where clocks differ", () => {
    const early = { ...began, at: 50 };
    expect(placeOf(early, charged)).toBe("payment charge");
    const emits = { ...charged, emitted: ["declined"] };
    expect(placeOf(early, emits, written)).toBe("payment charge declined.v1");
  });

  it("is an event that only listeners hear", () => {
    const emits = { ...charged, emitted: ["placed-2"] };
    const heard = { ...written, id: "placed-2" };
    expect(placeOf(began, emits, heard)).toBe("payment charge placed-2.v1");
  });

  it("is the last that was discarded, also if others came later", () => {
    const gaveUp = { ...charged, disposition: "discarded" as const };
    const later: Step = { service: "stock", reaction: "reserve", id: "x", at: 8 };
    expect(placeOf(began, gaveUp, later)).toBe("payment charge");
    const again = { ...gaveUp, service: "stock", reaction: "pack", at: 5 };
    expect(placeOf(began, gaveUp, again, later)).toBe("stock pack");
    // What only listens would not have led on.
    expect(placeOf(began, charged, { ...written, disposition: "discarded" })).toBe(
      "payment charge",
    );
  });

  it("is not what arms or calls off a deadline, and of one moment always the same", () => {
    const watch: Step = { service: "order", reaction: "watch deadline late", id: "e", at: 9 };
    expect(placeOf(began, charged, { ...watch, disposition: "disarmed" })).toBe("payment charge");
    const beside: Step = { service: "stock", reaction: "reserve", id: "placed", at: 2 };
    expect(placeOf(began, charged, beside)).toBe("stock reserve");
  });

  it("is only said of a saga that is stuck", () => {
    const journal: JournalRecord[] = [recordOf({ ...charged, emitted: ["done"] })];
    const history = { sagaId: "s", born: 1, last: 2, correlationId: "s", journal, deferred: [] };
    const parts = [{ service: "payment", history }];
    const of = (ends: Parameters<typeof summarize>[1]["ends"]) =>
      summarize(parts, { hearers, ends })?.rests?.reaction;
    expect(of({ succeeds: ["other.v1"], fails: [] })).toBe("charge");
    expect(of({ succeeds: ["done.v1"], fails: [] })).toBeUndefined();
    expect(of(undefined)).toBeUndefined();
  });
});
