import {
  type Context,
  context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { EventEnvelope } from "../contract/envelope.ts";
import { codeOf } from "../contract/errors.ts";
import type { PublishWatch } from "../ports/telemetry.ts";
import { fail } from "./failure.ts";
import { errorType, type Instruments, SYSTEM } from "./instruments.ts";
import { parentContext, spanContextOf } from "./trace-context.ts";

/** What an SDK keeps of the links of a span by default. */
const LINKS_MAX = 128;
const SEND = { ...SYSTEM, "messaging.operation.name": "send" } as const;

/** The span of one call that publishes: a child of the delivery that emitted, or linked to each. */
export class PublishSpan implements PublishWatch {
  readonly #events: readonly EventEnvelope[];
  readonly #instruments: Instruments;
  readonly #span: Span;
  readonly #within: Context;
  readonly #destination: { readonly "messaging.destination.name"?: string };
  readonly #began = performance.now();

  constructor(tracer: Tracer, instruments: Instruments, events: readonly EventEnvelope[]) {
    this.#events = events;
    this.#instruments = instruments;
    const [first] = events;
    const one = first !== undefined && events.every(({ type }) => type === first.type);
    this.#destination = one ? { "messaging.destination.name": first.type } : {};
    const causes = new Map(events.map((event) => [event.traceparent, event]));
    const links = causes.size > 1 ? linksTo([...causes.values()]) : [];
    const parent = causes.size === 1 && first !== undefined ? parentContext(first) : ROOT_CONTEXT;
    const count = { "messaging.batch.message_count": events.length };
    const operation = { ...SEND, "messaging.operation.type": "send" };
    const attributes = { ...operation, ...this.#destination, ...(events.length > 1 ? count : {}) };
    const name = one ? `send ${first.type}` : "send";
    this.#span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes, links }, parent);
    this.#within = trace.setSpan(parent, this.#span);
  }

  run<T>(work: () => T): T {
    return context.with(this.#within, work);
  }

  ended(errors: readonly unknown[]): void {
    const { operated, sent } = this.#instruments;
    const first = errors.find((error) => error !== undefined);
    const failed = first === undefined ? {} : errorType(codeOf(first));
    this.#span.setAttributes(failed);
    if (first !== undefined) fail(this.#span, first);
    this.#span.end();
    const seconds = (performance.now() - this.#began) / 1_000;
    operated.record(seconds, { ...SEND, ...this.#destination, ...failed });
    for (const [i, { type }] of this.#events.entries()) {
      const error = errors[i];
      const how = error === undefined ? {} : errorType(codeOf(error));
      sent.add(1, { ...SEND, "messaging.destination.name": type, ...how });
    }
  }
}

function linksTo(events: readonly EventEnvelope[]): Link[] {
  const spans = events.flatMap((event) => spanContextOf(event) ?? []);
  return spans.slice(0, LINKS_MAX).map((context) => ({ context }));
}
