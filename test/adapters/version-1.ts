import { type EventContract, event, type Service, type Store, service, start } from "odori";
import { memoryBus } from "odori/memory";
import { expect } from "vitest";
import { z } from "zod";
import { eventually } from "../support/eventually.ts";
import { closing, stopping } from "../support/scope.ts";
import { envelope, silent } from "../support/stage.ts";

const payload = z.object({ orderId: z.string() });
const placed = event("order.placed.v1", payload);
const cancelled = event("order.cancelled.v1", payload);
const closed = event("order.closed.v1", payload);
const packed = event("stock.packed.v1", payload);
const labelled = event("label.printed.v1", payload);
const noted = event("order.noted.v1", payload);
const charged = event("payment.charged.v1", payload);
const refunded = event("payment.refunded.v1", payload);
const settled = event("payment.settled.v1", payload);
const expired = event("payment.expired.v1", payload);
const reminded = event("payment.reminded.v1", payload);
const OUTCOMES = [charged, refunded, settled, expired, reminded].map(({ type }) => type);
const YEARS_20_MS = 20 * 365 * 86_400_000;

/** The service that has written the fixtures. `put` writes a charge, `drop` deletes it. */
export function payment<Native>(
  put: (tx: Native, id: string) => unknown,
  drop: (tx: Native, id: string) => unknown,
): Service<Native> {
  return service<Native>("payment")
    .on(placed, {
      name: "charge",
      emits: [charged],
      async handle({ data }, { tx }) {
        await put(tx, data.orderId);
        return charged(data);
      },
    })
    .undo(charged, {
      name: "refund",
      on: [cancelled],
      emits: [refunded],
      async handle({ data }, { tx }) {
        await drop(tx, data.orderId);
        return refunded(data);
      },
    })
    .onAll([packed, labelled], {
      name: "settle",
      emits: [settled],
      handle: ([{ data }]) => settled(data),
    })
    .deadline(placed, {
      name: "patience",
      after: "3600d",
      unless: [closed],
      emits: [expired],
    })
    .deadline(noted, { name: "reminder", after: "1d", unless: [closed], emits: [reminded] });
}

/** Opens a store on a fixture, and finishes each saga. `charges` reads the business rows. */
export async function finish<Native>(
  store: Store<Native>,
  declared: Service<Native>,
  charges: () => Promise<readonly string[]>,
): Promise<void> {
  await using bus = closing(memoryBus(["payment", "audience"]));
  const heard: string[] = [];
  await bus.subscribe(
    { group: "audience", topics: OUTCOMES, inFlightMax: 10 },
    async (incoming) => {
      if (!("malformed" in incoming)) heard.push(`${incoming.sagaId}: ${incoming.type}`);
    },
  );
  await using app = stopping(
    await start(declared, { store, bus, logger: silent, pollMs: 5, retentionMs: YEARS_20_MS }),
  );
  const first = ["reminded: payment.reminded.v1", "retrying: payment.charged.v1"];
  const unpublished = "unpublished: payment.charged.v1";
  await eventually("what was due has happened", () => [...heard].sort(), [...first, unpublished]);
  // What has been handled is recognised, and what is done can be undone.
  const hear = (contract: EventContract, sagaId: string, id: string) =>
    bus.publish([
      envelope(contract, sagaId, { orderId: sagaId }, { id, source: `/${contract.domain}` }),
    ]);
  await hear(placed, "done", "e1");
  await hear(packed, "gathered", "e5");
  expect(await charges()).toEqual(["done", "retrying", "unpublished"]);
  await hear(cancelled, "done", "n1");
  await hear(labelled, "gathered", "n2");
  const [parked] = await app.inspect.deferred(["parked"], 10);
  await app.inspect.retry(parked?.seq ?? -1);
  const then = [
    "done: payment.refunded.v1",
    "gathered: payment.settled.v1",
    "parked: payment.charged.v1",
  ];
  await eventually(
    "each saga goes on",
    () => [...heard].sort(),
    [...first, unpublished, ...then].sort(),
  );
  expect(await charges()).toEqual(["parked", "retrying", "unpublished"]);
  for (const saga of ["done", "parked", "retrying", "unpublished"])
    await hear(closed, saga, `close ${saga}`);
  await eventually("nothing is left", async () => (await app.inspect.counts()).deferred, {});
  const journal = await app.inspect.journal("done");
  expect(journal.map(({ reaction, disposition }) => `${reaction}: ${disposition}`).sort()).toEqual([
    "charge: done",
    "refund: undone",
    "watch patience: armed",
    "watch patience: disarmed",
    "watch reminder: disarmed",
  ]);
}

/** Rows under names of 0.1.0 that contain versions of events: saga, name and state of each mark. */
export const OLD_MARKS: readonly (readonly [string, string, string])[] = [
  ["named", "payment.charged.v1", "undone"],
  ["named", "payment.charged.v2", "done"],
  ["named", "payment.booked.v1 C:\\ledger.v1 a\tb", "done"],
  ["named", "once end.v1", "undo payment.charged.v1"],
  ["named", "fired all stock.packed.v1+label.printed.v1", "fired"],
  ["named", "timer deadline payment.expired.v1", "armed"],
  ["named", "max order.placed.v1|order.noted.v1", "2"],
];

/** The names of reactions of 0.1.0 to one event. Two of them are the same reaction now. */
export const OLD_REACTIONS = ["undo payment.charged.v1", "undo payment.charged.v2", "begin"];

/** Expects that the rows above are kept under the names of today. */
export async function expectNewNames<Native>(store: Store<Native>): Promise<void> {
  const census = await store.census("mark");
  const named = census.map(({ name, state }) => `${name} = ${state}`);
  for (const expected of [
    "payment.charged = done",
    "payment.booked C:\\u005cledger.v1 a\\u0009b = done",
    "once end = undo payment.charged.v1",
    "fired all stock.packed+label.printed = fired",
    "timer deadline payment.expired = armed",
    "max order.placed|order.noted = 2",
  ])
    expect(named).toContain(expected);
  const journal = await store.inspect.journal("named");
  expect(journal.map(({ reaction, effect }) => [reaction, effect])).toEqual([
    ["undo payment.charged", "payment.charged"],
    ["begin", "payment.charged"],
  ]);
}
