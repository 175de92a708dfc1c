import { context, SpanKind } from "@opentelemetry/api";
import type { WatchedBeginning, WatchedDelivery } from "../ports/telemetry.ts";
import { type Instruments, SYSTEM } from "./instruments.ts";
import { parentContext, spanContextOf } from "./trace-context.ts";
import type { SpanWork } from "./work-span.ts";

const PROCESS = { ...SYSTEM, "messaging.operation.name": "process" } as const;
const BEGIN = { ...SYSTEM, "messaging.operation.name": "begin" } as const;

/** A delivery: a child of its cause. What a join has gathered before is linked. */
export function processWork(
  service: string,
  { processed, lag }: Instruments,
  { reaction, message, gathered, attempt, lagMs }: WatchedDelivery,
): SpanWork {
  const { type, id, source, sagaId, correlationId = sagaId } = message;
  const labels = {
    ...PROCESS,
    "messaging.destination.name": type,
    "messaging.consumer.group.name": service,
    "odori.reaction": reaction,
  };
  if (lagMs !== undefined) lag.record(lagMs / 1_000, labels);
  const attributes = {
    ...labels,
    "messaging.operation.type": "process",
    "messaging.message.id": id,
    "messaging.message.conversation_id": correlationId,
    "cloudevents.event_source": source,
    "odori.saga.id": sagaId,
    "odori.attempt": attempt,
  };
  const links = gathered.flatMap((event) => {
    const span = spanContextOf(event);
    return span === undefined ? [] : [{ context: span }];
  });
  return {
    name: `process ${type}`,
    options: { kind: SpanKind.CONSUMER, attributes, links },
    parent: parentContext(message),
    duration: processed,
    labels,
    unnamed: false,
  };
}

/** A beginning: a child of the span that the caller has named, else of its active one. */
export function beginWork(
  service: string,
  { operated }: Instruments,
  { sagaId, correlationId, trace }: WatchedBeginning,
): SpanWork {
  const labels = { ...BEGIN, "odori.service": service };
  const attributes = {
    ...labels,
    "messaging.operation.type": "create",
    "messaging.message.conversation_id": correlationId,
    "odori.saga.id": sagaId,
  };
  return {
    name: "begin",
    options: { kind: SpanKind.PRODUCER, attributes },
    parent: parentContext(trace, context.active()),
    duration: operated,
    labels,
    unnamed: true,
  };
}
