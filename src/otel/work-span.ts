import {
  type Attributes,
  type Context,
  context,
  type Histogram,
  type Span,
  type SpanOptions,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { codeOf } from "../contract/errors.ts";
import type { TraceContext } from "../contract/trace-context.ts";
import type { DeliveryEnd, DeliveryWatch } from "../ports/telemetry.ts";
import { fail } from "./failure.ts";
import { errorType } from "./instruments.ts";
import { traceContextOf } from "./trace-context.ts";

/** What a delivery or a beginning is called, and where its duration goes. */
export interface SpanWork {
  readonly name: string;
  readonly options: SpanOptions;
  /** The context of its cause. */
  readonly parent: Context;
  readonly duration: Histogram;
  /** Attributes of the duration. No ids: each value is a time series of its own. */
  readonly labels: Attributes;
  /** Whether the name lacks the type of the event, which is known at the end. */
  readonly unnamed: boolean;
}

/** The span of one delivery or beginning, from its first run to its commit. */
export class WorkSpan implements DeliveryWatch {
  readonly trace: TraceContext | undefined;
  readonly #span: Span;
  readonly #within: Context;
  readonly #work: SpanWork;
  readonly #began = performance.now();

  constructor(tracer: Tracer, work: SpanWork) {
    this.#work = work;
    this.#span = tracer.startSpan(work.name, work.options, work.parent);
    this.#within = trace.setSpan(work.parent, this.#span);
    this.trace = traceContextOf(this.#span.spanContext());
  }

  run<T>(work: () => T): T {
    return context.with(this.#within, work);
  }

  ended({ disposition, effect, emitted, error }: DeliveryEnd): void {
    const { name, labels, unnamed, duration } = this.#work;
    const [type] = emitted;
    const failed = errorType(error === undefined ? undefined : codeOf(error));
    const destination = unnamed && type !== undefined ? { "messaging.destination.name": type } : {};
    const outcome = disposition === undefined ? {} : { "odori.disposition": disposition };
    const common = { ...destination, ...outcome, ...failed };
    const details = {
      ...(effect === undefined ? {} : { "odori.effect": effect }),
      ...(emitted.length === 0 ? {} : { "odori.emitted": [...emitted] }),
    };
    const span = this.#span;
    if (unnamed && type !== undefined) span.updateName(`${name} ${type}`);
    span.setAttributes({ ...common, ...details });
    if (error !== undefined) fail(span, error);
    span.end();
    duration.record((performance.now() - this.#began) / 1_000, { ...labels, ...common });
  }
}
