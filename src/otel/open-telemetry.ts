import {
  context,
  type MeterProvider,
  metrics,
  ROOT_CONTEXT,
  type TracerProvider,
  trace,
} from "@opentelemetry/api";
import type { Telemetry } from "../ports/telemetry.ts";
import { observe } from "./gauges.ts";
import { Instruments, SYSTEM } from "./instruments.ts";
import { PublishSpan } from "./publish-span.ts";
import { beginWork, processWork } from "./span-work.ts";
import { WorkSpan } from "./work-span.ts";

/** Options of `openTelemetry`. */
export interface TelemetryOptions {
  /** @default the global one of `@opentelemetry/api` */
  readonly tracerProvider?: TracerProvider;
  /** @default the global one of `@opentelemetry/api` */
  readonly meterProvider?: MeterProvider;
}

/** The name of the instrumentation scope. */
const SCOPE = "odori";

/**
 * Makes spans and metrics of services for OpenTelemetry. Pass it to `start`, after the SDK has been
 * registered. Each delivery is a span, which is active in its handler; the events that it emits
 * carry that span, so the trace is the tree of causes.
 *
 * @example
 * ```ts
 * import { start } from "odori";
 * import { memoryBus } from "odori/memory";
 * import { openTelemetry } from "odori/otel";
 * import { sqlite } from "odori/sqlite";
 * import { order } from "./services.ts";
 *
 * const app = await start(order, {
 *   store: sqlite("order.db"),
 *   bus: memoryBus([order]),
 *   telemetry: openTelemetry(),
 * });
 * await app.stop();
 * ```
 */
export function openTelemetry(options: TelemetryOptions = {}): Telemetry {
  const tracer = (options.tracerProvider ?? trace).getTracer(SCOPE);
  const meter = (options.meterProvider ?? metrics).getMeter(SCOPE);
  const instruments = new Instruments(meter);
  return {
    watch(service) {
      const stopped = observe(meter, service);
      const labels = { "odori.service": service.name };
      const group = { ...SYSTEM, "messaging.consumer.group.name": service.name };
      return {
        apart: (work) => context.with(ROOT_CONTEXT, work),
        received: (type) =>
          instruments.consumed.add(1, {
            ...group,
            "messaging.operation.name": "receive",
            "messaging.destination.name": type,
          }),
        delivery: (delivery) =>
          new WorkSpan(tracer, processWork(service.name, instruments, delivery)),
        beginning: (beginning) =>
          new WorkSpan(tracer, beginWork(service.name, instruments, beginning)),
        publishing: (events) => new PublishSpan(tracer, instruments, events),
        committed: (count) => instruments.commit.record(count, labels),
        stopped,
      };
    },
  };
}
