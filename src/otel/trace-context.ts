import {
  type Context,
  createTraceState,
  isSpanContextValid,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from "@opentelemetry/api";
import type { TraceContext } from "../contract/trace-context.ts";

/** The span that a trace context names; undefined where there is none. */
export function spanContextOf(named: Partial<TraceContext>): SpanContext | undefined {
  // The runtime has checked the grammar.
  const [, traceId, spanId, flags] = named.traceparent?.split("-") ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  const { tracestate } = named;
  return {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }),
  };
}

/** What events carry whose cause is this span; undefined for a span without a trace. */
export function traceContextOf(span: SpanContext): TraceContext | undefined {
  if (!isSpanContextValid(span)) return undefined;
  const { traceId, spanId, traceFlags, traceState } = span;
  const flags = (traceFlags & 0xff).toString(16).padStart(2, "0");
  const tracestate = traceState?.serialize() || undefined;
  return { traceparent: `00-${traceId}-${spanId}-${flags}`, tracestate };
}

/** The context within the span that a trace context names. */
export function parentContext(
  named: Partial<TraceContext>,
  around: Context = ROOT_CONTEXT,
): Context {
  const span = spanContextOf(named);
  return span === undefined ? around : trace.setSpanContext(around, span);
}
