import { EventEmitter } from "node:events";
import type { EventEnvelope } from "odori";
import { memoryBus } from "odori/memory";
import { tableHead, tableRow } from "./harness/markdown.ts";
import { median } from "./harness/statistics.ts";

/*
 * Measures the in-process bus alone, against Node's EventEmitter and a plain loop over handlers.
 * Three groups hear each event.
 */

const EVENTS = 200_000;
const ROUNDS = 5;
const BATCH = 100;
const GROUPS = ["payment", "inventory", "shipping"];

const event: EventEnvelope = {
  specversion: "1.0",
  id: "1",
  type: "order.placed.v1",
  source: "/orders",
  time: new Date().toISOString(),
  subject: undefined,
  sagaId: "s",
  correlationId: "s",
  causationId: undefined,
  traceparent: undefined,
  tracestate: undefined,
  data: { orderId: "o" },
};

let heard = 0;
const hear = async () => {
  heard++;
};

/** Says nothing about failure, order or who is there: a call. */
async function emitter(): Promise<void> {
  const bus = new EventEmitter();
  for (const _ of GROUPS) bus.on(event.type, hear);
  for (let n = 0; n < EVENTS; n++) bus.emit(event.type, event);
}

async function naive(): Promise<void> {
  const handlers = GROUPS.map(() => hear);
  for (let n = 0; n < EVENTS; n++) for (const handle of handlers) await handle();
}

/**
 * At least once, with redelivery, bounded flights and competing members; a publisher hands over
 * what one commit has left.
 */
async function ours(): Promise<void> {
  const bus = memoryBus(GROUPS);
  for (const group of GROUPS)
    await bus.subscribe({ group, topics: [event.type], inFlightMax: 400 }, hear);
  const events = Array.from({ length: BATCH }, () => event);
  for (let n = 0; n < EVENTS; n += BATCH) await bus.publish(events);
  await bus.close();
}

const contestants = [
  ["EventEmitter, not awaited", emitter],
  ["for … await handle(event)", naive],
  ["Odori's in-process bus", ours],
] as const;
const speeds = new Map<string, number[]>();
for (let round = 0; round <= ROUNDS; round++) {
  for (const [name, run] of contestants) {
    heard = 0;
    const began = performance.now();
    await run();
    const ms = performance.now() - began;
    if (heard !== EVENTS * GROUPS.length) throw new Error(`${name}: ${heard} heard`);
    // The first round warms up.
    if (round > 0) speeds.set(name, [...(speeds.get(name) ?? []), heard / ms / 1_000]);
  }
}
const events = `${EVENTS.toLocaleString("en")} events, heard by ${GROUPS.length} groups`;
process.stdout.write(
  `Node ${process.version}, ${ROUNDS} alternating rounds of ${events}\n\n` +
    tableHead(["bus", "million deliveries/s", "range"]),
);
for (const [name, values] of speeds) {
  const range = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(2));
  process.stdout.write(tableRow([name, median(values).toFixed(2), range.join(" - ")]));
}
