import { context, propagation, type SpanContext, type Tracer, trace } from "@opentelemetry/api";

import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-node";
import type { Telemetry } from "odori";
import { openTelemetry } from "odori/otel";

/** The SDK with exporters in memory. It is registered for the time of the scope. */
export class Recorded implements AsyncDisposable {
  readonly telemetry: Telemetry;
  readonly tracer: Tracer;
  readonly #spans = new InMemorySpanExporter();
  readonly #metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  readonly #tracerProvider = new NodeTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(this.#spans)],
  });
  readonly #meterProvider = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter: this.#metrics })],
  });

  constructor() {
    this.#tracerProvider.register();
    const [tracerProvider, meterProvider] = [this.#tracerProvider, this.#meterProvider];
    this.telemetry = openTelemetry({ tracerProvider, meterProvider });
    this.tracer = tracerProvider.getTracer("test");
  }

  get spans(): readonly ReadableSpan[] {
    return this.#spans.getFinishedSpans();
  }

  named(name: string): readonly ReadableSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  /** The span of this name that has finished first; throws if there is none. */
  span(name: string): ReadableSpan {
    const [first] = this.named(name);
    if (first === undefined)
      throw new Error(`No span ${name} among ${this.spans.map((span) => span.name).join(", ")}`);
    return first;
  }

  /** What was recorded of each metric, by its name: attributes and values. */
  async metrics() {
    this.#metrics.reset();
    await this.#meterProvider.forceFlush();
    const scopes = this.#metrics.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
    return new Map(
      scopes
        .flatMap(({ metrics }) => metrics)
        .map(({ descriptor, dataPoints }) => [
          descriptor.name,
          dataPoints.map(({ attributes, value }) => ({ attributes, value })),
        ]),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const api of [context, propagation, trace]) api.disable();
    await this.#tracerProvider.shutdown();
    await this.#meterProvider.shutdown();
  }
}

/** `traceparent` of a span. */
export function traceparentOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-0${traceFlags}`;
}

/** The id of the span that a span is the child of. */
export function parentOf({ parentSpanContext }: ReadableSpan): string | undefined {
  return parentSpanContext?.spanId;
}
