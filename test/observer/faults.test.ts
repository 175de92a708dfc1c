import { join } from "node:path";
import { choreography, event, service } from "odori";
import { type OdoriConsole, odoriConsole } from "odori/console";
import { sqlite, sqliteSource } from "odori/sqlite";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { sampleDeferred, sampleEntry, sampleEvent, writes } from "../../src/conformance/samples.ts";
import { portraitOf } from "../../src/manifest/fingerprint.ts";
import { LATE_AFTER_MS } from "../../src/observer/late.ts";
import { Observer } from "../../src/observer/observer.ts";
import { Projection } from "../../src/observer/projection.ts";
import type { Writes } from "../../src/ports/bookkeeping.ts";
import type { JournalEntry } from "../../src/ports/journal.ts";
import { eventually } from "../support/eventually.ts";
import { closing, temporaryFolder } from "../support/scope.ts";

const payload = z.object({ orderId: z.string() });
const placed = event("order.placed.v1", payload);
const charged = event("payment.charged.v1", payload);
const order = service("order").begins(placed);
const payment = service("payment").on(placed, {
  emits: [charged],
  handle: ({ data }) => charged(data),
});
const shop = choreography("shop", {
  services: [order, payment],
  begins: [placed],
  succeeds: [charged],
  fails: [],
});

const TOKEN = "a-token-that-is-long-enough";
const SAGA = "order-1";
const PLACED = { id: "e-1", type: placed.type };
const ALIVE_MS = 3_600_000;

const begun: JournalEntry = sampleEntry(PLACED.id, {
  ...{ reaction: "begin", source: "/order", type: placed.type, sagaId: SAGA },
  ...{ disposition: "begun", emitted: [PLACED] },
});

const heard = (change: Partial<JournalEntry>): JournalEntry =>
  sampleEntry(PLACED.id, {
    ...{ reaction: "order.placed", source: "/order", type: placed.type, sagaId: SAGA },
    ...change,
  });

const deferred = (state: "parked" | "discarded") =>
  sampleDeferred(PLACED.id, {
    ...{ reaction: "order.placed", source: "/order", type: placed.type, sagaId: SAGA, state },
    ...{ attempts: 8, problem: { code: "CARD_REFUSED", message: "no", stack: undefined } },
    body: { malformed: false, text: "[{}]" },
  });

/** What one service has written, and whether its process lives. */
interface Part {
  readonly writes: Partial<Writes>;
  readonly runs?: boolean;
  /** How far its clock is off. */
  readonly clockMs?: number;
}

/** Writes what each service has done, as the runtime would. One that runs keeps its lease. */
async function written(folder: string, order: Part, payment: Part): Promise<AsyncDisposable> {
  const running = new AsyncDisposableStack();
  // A reaction hears what is emitted after it was declared.
  for (const [one, part] of [
    [SERVICES[1], payment],
    [SERVICES[0], order],
  ] as const) {
    const { runs = true, clockMs = 0 } = part;
    const store = sqlite(join(folder, `${one.name}.db`));
    const now = () => Date.now() + clockMs;
    await store.open({ service: one.name, owner: "p", leaseMs: runs ? ALIVE_MS : 1, now });
    await store.declarations.put(portraitOf(one));
    await store.transaction((tx) => tx.write(writes(part.writes)));
    if (runs) running.use(closing(store));
    else await store.close();
  }
  return running;
}

const SERVICES = [order, payment] as const;
const sourcesIn = (folder: string) =>
  SERVICES.map(({ name }) => sqliteSource(join(folder, `${name}.db`)));

/** Asks a console where the saga stands, once it has read it. */
async function replyOf(folder: string) {
  const console = odoriConsole({ sources: sourcesIn(folder), choreography: shop, token: TOKEN });
  try {
    const listed = await eventually(
      "the saga is listed",
      async () => (await asked(console, "/api/v1/sagas")).sagas,
      (sagas) => sagas.length === 1,
    );
    const { unexplained } = await asked(console, "/api/v1/ledger");
    return { listed: listed[0], unexplained, ...(await asked(console, `/api/v1/sagas/${SAGA}`)) };
  } finally {
    await console.close();
  }
}

async function asked({ fetch }: OdoriConsole, path: string) {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const reply = await fetch(new Request(`http://localhost${path}`, { headers }));
  return JSON.parse(await reply.text());
}

/** The verdict once the event is older than anything may take. */
async function verdictLater(folder: string): Promise<string | undefined> {
  const projection = new Projection(":memory:");
  const sources = sourcesIn(folder);
  await new Observer({ sources, projection, ends: undefined }).catchUp();
  projection.tick(Date.now() + LATE_AFTER_MS + 1);
  const [verdict] = projection.counts().keys();
  projection.close();
  await Promise.all(sources.map((source) => source.close()));
  return verdict;
}

const WAITS = { service: "payment", reaction: "order.placed", state: "on its way" };
const inOutbox = sampleEvent(PLACED.id, { type: placed.type, sagaId: SAGA });

describe("a fault is seen as what it is, where it is:", () => {
  it.each([
    {
      fault: "the emitter has died before it published",
      order: { writes: { journal: [begun], enqueue: [inOutbox] }, runs: false },
      payment: { writes: {} },
      place: { where: "outbox", notRunning: "order" },
    },
    {
      fault: "the bus refuses the event",
      order: { writes: { journal: [begun], enqueue: [inOutbox] } },
      payment: { writes: {} },
      place: { where: "outbox" },
    },
    {
      fault: "the hearer is stopped",
      order: { writes: { journal: [begun] } },
      payment: { writes: {}, runs: false },
      place: { where: "unknown", notRunning: "payment" },
    },
    {
      fault: "the broker has dropped the message",
      order: { writes: { journal: [begun] } },
      payment: { writes: {} },
      place: { where: "unknown" },
    },
  ])("$fault", async ({ order, payment, place }) => {
    using folder = temporaryFolder("faults");
    await using _running = await written(folder.path, order, payment);
    const { saga, why, unexplained } = await replyOf(folder.path);
    expect(saga.verdict).toBe("running");
    const { since, type, ...open } = why[0];
    expect([open, why.length, unexplained]).toEqual([{ ...WAITS, ...place }, 1, 0]);
    expect(await verdictLater(folder.path)).toBe("late");
  });

  it("a delivery is parked", async () => {
    using folder = temporaryFolder("faults");
    const payment = {
      journal: [heard({ disposition: "parked" })],
      defer: [deferred("parked")],
    };
    await using _running = await written(
      folder.path,
      { writes: { journal: [begun] } },
      { writes: payment },
    );
    const { saga, why, unexplained } = await replyOf(folder.path);
    expect([saga.verdict, unexplained]).toEqual(["parked", 0]);
    expect(why).toMatchObject([
      {
        ...{ service: "payment", state: "parked", attempts: 8 },
        ...{ id: expect.stringMatching(/^payment\/\d+$/), problem: { code: "CARD_REFUSED" } },
      },
    ]);
  });

  it("a delivery was discarded", async () => {
    using folder = temporaryFolder("faults");
    const payment = {
      journal: [heard({ disposition: "discarded" })],
      defer: [deferred("discarded")],
    };
    await using _running = await written(
      folder.path,
      { writes: { journal: [begun] } },
      { writes: payment },
    );
    const { saga, why, unexplained } = await replyOf(folder.path);
    expect([saga.verdict, why, unexplained]).toEqual(["stuck", [], 0]);
  });

  it("a service has emitted what it does not declare", async () => {
    using folder = temporaryFolder("faults");
    const odd = { id: "e-2", type: "payment.forgotten.v1" };
    const payment = { journal: [heard({ emitted: [odd] })] };
    await using _running = await written(
      folder.path,
      { writes: { journal: [begun] } },
      { writes: payment },
    );
    const { saga, steps, unexplained } = await replyOf(folder.path);
    expect([saga.verdict, unexplained]).toEqual(["illegal", 0]);
    expect(steps.map((step: { service: string; undeclared: boolean }) => step)).toMatchObject([
      { service: "order", undeclared: false },
      { service: "payment", undeclared: true },
    ]);
  });

  it("the clock of a service is a minute behind", async () => {
    using folder = temporaryFolder("faults");
    const end = { id: "e-2", type: charged.type };
    const payment = {
      writes: { journal: [heard({ emitted: [end], effect: "payment.charged" })] },
      clockMs: -60_000,
    };
    await using _running = await written(folder.path, { writes: { journal: [begun] } }, payment);
    const { saga, steps, unexplained } = await replyOf(folder.path);
    expect([saga.verdict, unexplained]).toEqual(["succeeded", 0]);
    // The effect stands behind its cause, and the contradiction is marked.
    expect(steps).toMatchObject([
      { service: "order", clockContradicts: false },
      { service: "payment", clockContradicts: true, cause: 0, transitMs: 0 },
    ]);
  });
});
