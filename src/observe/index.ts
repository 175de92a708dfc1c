export { printable } from "./printable.ts";
export { type Paint, plainPaint, timeline } from "./timeline.ts";
export { type ServiceJournal, type TraceStep, traceOf } from "./trace.ts";
