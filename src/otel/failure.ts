import { type Span, SpanStatusCode } from "@opentelemetry/api";
import { messageOf } from "../contract/errors.ts";

/** Records a technical failure. Any value may have been thrown. */
export function fail(span: Span, error: unknown): void {
  const message = messageOf(error);
  span.recordException(error instanceof Error ? error : message);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}
