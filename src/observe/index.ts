export type { SagaEnds } from "../choreography/ends.ts";
export { type Paint, plainPaint } from "../text/paint.ts";
export { printable } from "../text/printable.ts";
export { BusWatch, type BusWatchOptions, type CountedStore } from "./bus-watch.ts";
export { type ClockOffset, ClockOffsets, type ClockReading } from "./clock-offsets.ts";
export { type Hearer, type HearersOf, hearersIn } from "./hearers.ts";
export type { LostBus } from "./lost-buses.ts";
export type { Reach } from "./reach.ts";
export type { RestingPlace } from "./resting.ts";
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
