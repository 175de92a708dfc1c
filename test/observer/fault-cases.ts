import { join } from "node:path";
import { choreography, event, service } from "odori";
import { type JournalSource, type OdoriConsole, odoriConsole } from "odori/console";
import { sqlite, sqliteSource } from "odori/sqlite";
import { z } from "zod";
import type { SqliteStore } from "../../src/adapters/sqlite/store.ts";
import { sampleDeferred, sampleEntry, sampleEvent, writes } from "../../src/conformance/samples.ts";
import { portraitOf } from "../../src/manifest/fingerprint.ts";
import type { Writes } from "../../src/ports/bookkeeping.ts";
import type { JournalEntry } from "../../src/ports/journal.ts";

const payload = z.object({ orderId: z.string() });
const placed = event("order.placed.v1", payload);
const charged = event("payment.charged.v1", payload);
const order = service("order").begins(placed);
const payment = service("payment").on(placed, {
  emits: [charged],
  handle: ({ data }) => charged(data),
});
const SERVICES = [order, payment] as const;
const shop = choreography("shop", {
  services: SERVICES,
  begins: [placed],
  succeeds: [charged],
  fails: [],
});

export const SAGA = "order-1";
const PLACED = { id: "e-1", type: placed.type };
const ALIVE_MS = 3_600_000;

/** What one service writes, and whether its process lives. */
interface Part {
  readonly writes?: Partial<Writes>;
  readonly runs?: boolean;
  /** How far its clock is off. */
  readonly clockMs?: number;
}

/** What two services have written of one saga, and how it is to be seen. */
export interface FaultCase {
  readonly fault: string;
  readonly order: Part;
  readonly payment: Part;
  readonly verdict: string;
  /** Where the event is that the saga waits for. */
  readonly place?: { readonly where: string; readonly notRunning?: string };
}

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

const begun: Partial<Writes> = {
  journal: [
    sampleEntry(PLACED.id, {
      ...{ reaction: "begin", source: "/order", type: placed.type, sagaId: SAGA },
      ...{ disposition: "begun", emitted: [PLACED] },
    }),
  ],
};
const unpublished = { enqueue: [sampleEvent(PLACED.id, { type: placed.type, sagaId: SAGA })] };

/** Events that no service has handled. */
export const waiting: readonly FaultCase[] = [
  {
    fault: "the emitter has died before it published",
    order: { writes: { ...begun, ...unpublished }, runs: false },
    payment: {},
    verdict: "running",
    place: { where: "outbox", notRunning: "order" },
  },
  {
    fault: "the bus refuses the event",
    order: { writes: { ...begun, ...unpublished } },
    payment: {},
    verdict: "running",
    place: { where: "outbox" },
  },
  {
    fault: "the hearer is stopped",
    order: { writes: begun },
    payment: { runs: false },
    verdict: "running",
    place: { where: "unknown", notRunning: "payment" },
  },
  {
    fault: "the broker has dropped the message",
    order: { writes: begun },
    payment: {},
    verdict: "running",
    place: { where: "unknown" },
  },
];

const answeredWith = (writes: Partial<Writes>) => ({
  order: { writes: begun },
  payment: { writes },
});

export const parked: FaultCase = {
  fault: "a delivery is parked",
  ...answeredWith({
    journal: [heard({ disposition: "parked" })],
    defer: [deferred("parked")],
  }),
  verdict: "parked",
};

export const discarded: FaultCase = {
  fault: "a delivery was discarded",
  ...answeredWith({
    journal: [heard({ disposition: "discarded" })],
    defer: [deferred("discarded")],
  }),
  verdict: "stuck",
};

export const undeclared: FaultCase = {
  fault: "a service has emitted what it does not declare",
  ...answeredWith({
    journal: [heard({ emitted: [{ id: "e-2", type: "payment.forgotten.v1" }] })],
  }),
  verdict: "illegal",
};

export const clockBehind: FaultCase = {
  fault: "the clock of a service is a minute behind",
  order: { writes: begun },
  payment: {
    writes: {
      journal: [heard({ emitted: [{ id: "e-2", type: charged.type }], effect: "payment.charged" })],
    },
    clockMs: -60_000,
  },
  verdict: "succeeded",
};

/** Two services that have opened their databases, and have written nothing. */
export interface Staged extends AsyncDisposable {
  /** Writes what the case says, as the runtime would. One that runs keeps its lease. */
  write(): Promise<void>;
}

/** Opens the databases of a case in a folder. */
export async function stage(folder: string, { order, payment }: FaultCase): Promise<Staged> {
  const [orders, payments] = SERVICES;
  const open = new AsyncDisposableStack();
  // A reaction hears what is emitted after it was declared.
  const stores: { store: SqliteStore; runs: boolean; written: Partial<Writes> }[] = [];
  for (const [{ name }, portrait, part] of [
    [payments, portraitOf(payments), payment],
    [orders, portraitOf(orders), order],
  ] as const) {
    const { runs = true, clockMs = 0 } = part;
    const store = sqlite(join(folder, `${name}.db`));
    const now = () => Date.now() + clockMs;
    await store.open({ service: name, owner: "p", leaseMs: runs ? ALIVE_MS : 1, now });
    open.defer(() => store.close());
    await store.declarations.put(portrait);
    stores.push({ store, runs, written: part.writes ?? {} });
  }
  return {
    async write() {
      for (const { store, runs, written } of stores) {
        await store.transaction((tx) => tx.write(writes(written)));
        if (!runs) await store.close();
      }
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

const TOKEN = "a-token-that-is-long-enough";

/** The journals of the services of a case. */
export function sourcesIn(folder: string): readonly JournalSource[] {
  return SERVICES.map(({ name }) => sqliteSource(join(folder, `${name}.db`)));
}

/** A console that observes a case. */
export function consoleOf(folder: string): OdoriConsole {
  return odoriConsole({ sources: sourcesIn(folder), choreography: shop, token: TOKEN });
}

/** What a console replies, as its page asks it. */
export async function asked({ fetch }: OdoriConsole, path: string) {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const reply = await fetch(new Request(`http://localhost${path}`, { headers }));
  return JSON.parse(await reply.text());
}
