export { type Paint, plainPaint } from "../text/paint.ts";
export { printable } from "../text/printable.ts";
export { timeline } from "./timeline.ts";
export { type ServiceJournal, type TraceStep, traceOf } from "./trace.ts";
