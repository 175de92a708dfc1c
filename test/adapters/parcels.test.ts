import fc from "fast-check";
import type { EventEnvelope } from "odori";
import { eventTooLarge } from "odori/adapter";
import { NATS, readMessages } from "odori/cloudevents";
import { describe, expect, it } from "vitest";
import {
  encodeParcel,
  type Parcel,
  packingFrom,
  sendInParcels,
} from "../../src/cloudevents/parcels.ts";
import { cancelled, placed } from "../support/contracts.ts";
import { envelope } from "../support/stage.ts";

const BATCH = packingFrom({ mode: "batch" });
const sent = { status: "fulfilled", value: undefined } as const;
const explain = (error: unknown) => error;

function event(
  id: string,
  type: string = placed.type,
  data: unknown = { orderId: id },
): EventEnvelope {
  return { ...envelope(placed, id, { orderId: id }, { id }), type, data };
}

/** What a reader gets of a parcel. */
function idsIn(parcel: Parcel): readonly string[] {
  const { headers, body } = encodeParcel(NATS, parcel);
  return readMessages(NATS, parcel.type, { headers, body }, 0).map((one) =>
    "malformed" in one ? one.error.code : one.id,
  );
}

/** Sends all, and returns what travelled in each message. */
async function messagesOf(
  events: readonly EventEnvelope[],
  packing = BATCH,
): Promise<readonly (readonly string[])[]> {
  const all: Parcel[] = [];
  const send = async (parcels: readonly Parcel[]) => {
    all.push(...parcels);
    return parcels.map(() => sent);
  };
  expect(await sendInParcels(events, packing, send, explain)).toEqual(events.map(() => sent));
  return all.map(idsIn);
}

describe("events that are published together", () => {
  it("share a message with those of their type, in their order", async () => {
    const types = [placed, cancelled, placed, cancelled, placed].map(({ type }) => type);
    const events = types.map((type, i) => event(`${i}`, type));
    expect(await messagesOf(events)).toEqual([
      ["0", "2", "4"],
      ["1", "3"],
    ]);
    expect(await messagesOf(events, packingFrom({}))).toHaveLength(5);
    const single = packingFrom({ mode: "batch", single: [placed.type] });
    expect(await messagesOf(events, single)).toEqual([["0"], ["2"], ["4"], ["1", "3"]]);
  });

  it("an event alone of its type is a message in binary mode", async () => {
    const parcels: Parcel[] = [];
    const send = async (some: readonly Parcel[]) => {
      parcels.push(...some);
      return some.map(() => sent);
    };
    await sendInParcels([event("1")], BATCH, send, explain);
    const [parcel] = parcels;
    const { headers } = parcel === undefined ? { headers: undefined } : encodeParcel(NATS, parcel);
    expect(headers?.get("ce-id")).toBe("1");
  });

  it("each travels once, in messages of at most 64 KiB and 100 events", async () => {
    const sizes = fc.array(fc.oneof(fc.nat(600), fc.nat(70_000)), { maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.boolean(), async (lengths, mixed) => {
        const events = lengths.map((length, i) =>
          event(
            `${i}`,
            mixed && i % 3 === 0 ? cancelled.type : placed.type,
            "é".repeat(length / 2),
          ),
        );
        const seen: string[] = [];
        const send = async (parcels: readonly Parcel[]) => {
          for (const parcel of parcels) {
            if (parcel.batch === undefined) seen.push(parcel.event.id);
            else {
              expect(Buffer.byteLength(parcel.batch)).toBeLessThanOrEqual(64 * 1024 + 1);
              const ids = idsIn(parcel);
              expect(ids.length).toBeLessThanOrEqual(100);
              seen.push(...ids);
            }
          }
          return parcels.map(() => sent);
        };
        await sendInParcels(events, BATCH, send, explain);
        expect(seen.map(Number).sort((a, b) => a - b)).toEqual([...events.keys()]);
      }),
      { numRuns: 50 },
    );
  });

  it("a batch that is refused is taken apart: each event has an answer of its own", async () => {
    const refused = { status: "rejected", reason: eventTooLarge("here", undefined) } as const;
    const rounds: (readonly string[])[][] = [];
    const send = async (parcels: readonly Parcel[]) => {
      rounds.push(parcels.map(idsIn));
      return parcels.map((parcel) => (idsIn(parcel).includes("1") ? refused : sent));
    };
    const events = ["0", "1", "2"].map((id) => event(id));
    const answers = await sendInParcels(events, BATCH, send, explain);
    expect(answers).toEqual([sent, refused, sent]);
    expect(rounds).toEqual([[["0", "1", "2"]], [["0"], ["1"], ["2"]]]);
  });

  it("a batch without an answer is not sent again", async () => {
    const reason = Object.assign(new Error("no reply"), { code: "BUS_UNAVAILABLE" });
    const unanswered = { status: "rejected", reason } as const;
    let rounds = 0;
    const send = async (parcels: readonly Parcel[]) => {
      rounds++;
      return parcels.map(() => unanswered);
    };
    const answers = await sendInParcels([event("0"), event("1")], BATCH, send, explain);
    expect(answers).toEqual([unanswered, unanswered]);
    expect(rounds).toBe(1);
  });

  it("an event that cannot be written travels alone, and keeps no other back", async () => {
    const parcels: Parcel[] = [];
    const send = async (some: readonly Parcel[]) => {
      parcels.push(...some);
      return some.map(() => sent);
    };
    const events = [event("0"), event("1", placed.type, { n: 1n }), event("2")];
    await sendInParcels(events, BATCH, send, explain);
    expect(parcels.map(({ batch }) => batch === undefined)).toEqual([true, false]);
  });

  it("an unknown mode is refused", () => {
    const options: object = { mode: "frames" };
    expect(() => packingFrom(options)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
  });
});

describe("a message in batch mode", () => {
  const headers = [["Content-Type", "application/cloudevents-batch+json; charset=utf-8"]] as const;
  const read = (body: string) => readMessages(NATS, placed.type, { headers, body }, 0);

  it("is read event by event: one that is none is malformed alone", () => {
    const text = JSON.stringify({
      specversion: "1.0",
      id: "1",
      type: placed.type,
      source: "/a",
      sagaid: "s",
      data: '[,]\\"',
    });
    const events = read(`[ ${text} , 5,{"a":"]"}, ${text}]`);
    expect(events.map((one) => ("malformed" in one ? one.raw : one.data))).toEqual([
      '[,]\\"',
      "5",
      '{"a":"]"}',
      '[,]\\"',
    ]);
  });

  it.each([
    ["no list", "{}"],
    ["an empty list", "[]"],
    ["not JSON", "[1,"],
    ["too many events", `[${Array.from({ length: 1_001 }, () => "1").join()}]`],
    ["too many bytes", `["${"x".repeat(1024 * 1024)}"]`, "MESSAGE_TOO_LARGE"],
  ])("%s: one malformed message", (_, body, code = "MESSAGE_MALFORMED") => {
    const [first, ...more] = read(body);
    expect(first).toMatchObject({ malformed: true, error: { code } });
    expect(more).toEqual([]);
  });
});
