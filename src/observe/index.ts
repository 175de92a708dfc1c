export type { SagaEnds } from "../choreography/ends.ts";
export { type Paint, plainPaint } from "../text/paint.ts";
export { printable } from "../text/printable.ts";
export { type Hearer, type HearersOf, hearersIn } from "./hearers.ts";
export { type Reach, reachOf, UNHEARD_AFTER_MS } from "./reach.ts";
export {
  type OpenDelivery,
  type SagaState,
  type SagaSummary,
  type ServiceHistory,
  type SummaryContext,
  summarize,
} from "./summary.ts";
export { type TimelineOptions, timeline } from "./timeline.ts";
export { type ServiceJournal, type TraceStep, traceOf } from "./trace.ts";
