import type { EventEnvelope } from "../contract/envelope.ts";
import type { Receipt, Writes } from "../ports/bookkeeping.ts";
import type { NewDeferred } from "../ports/deferred.ts";
import type { JournalEntry } from "../ports/journal.ts";

/** An event whose saga is named after its id. */
export function sampleEvent(id: string, change: Partial<EventEnvelope> = {}): EventEnvelope {
  return {
    specversion: "1.0",
    id,
    type: "order.placed.v1",
    source: "/order",
    time: "2026-01-02T03:04:05.678Z",
    subject: undefined,
    sagaId: `saga of ${id}`,
    correlationId: `saga of ${id}`,
    causationId: undefined,
    traceparent: undefined,
    tracestate: undefined,
    data: { orderId: id, amount: 1 },
    ...change,
  };
}

/** A receipt of `sampleEvent(id)` by the reaction `charge`. */
export function sampleReceipt(id: string, change: Partial<Receipt> = {}): Receipt {
  return {
    reaction: "charge",
    source: "/order",
    id,
    type: "order.placed.v1",
    sagaId: `saga of ${id}`,
    gathers: false,
    seeks: [],
    deferred: undefined,
    ...change,
  };
}

/** An inbox row of `sampleEvent(id)`: done, without emissions. */
export function sampleEntry(id: string, change: Partial<JournalEntry> = {}): JournalEntry {
  return {
    reaction: "charge",
    source: "/order",
    id,
    type: "order.placed.v1",
    sagaId: `saga of ${id}`,
    causationId: undefined,
    disposition: "done",
    effect: undefined,
    emitted: [],
    ...change,
  };
}

/** A deferred delivery of `sampleEvent(id)`: retrying, and due now. */
export function sampleDeferred(id: string, change: Partial<NewDeferred> = {}): NewDeferred {
  return {
    reaction: "charge",
    source: "/order",
    id,
    type: "order.placed.v1",
    sagaId: `saga of ${id}`,
    state: "retrying",
    attempts: 1,
    delayMs: 0,
    problem: { code: "BOOM", message: "it broke", stack: "Error: it broke", accepted: true },
    body: { malformed: false, text: "[]" },
    ...change,
  };
}

/** Writes that are empty but for `change`. */
export function writes(change: Partial<Writes>): Writes {
  return {
    journal: [],
    amend: [],
    duplicates: [],
    marks: [],
    enqueue: [],
    defer: [],
    redefer: [],
    settle: [],
    drop: [],
    confirm: [],
    reduce: [],
    release: [],
    ...change,
  };
}
