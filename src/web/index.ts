export { type HandlerOptions, odoriHandler } from "./handler.ts";
export { type HttpSourceOptions, httpSource } from "./http-source.ts";
export { nodeHandler } from "./node.ts";
export type { WatchedApp } from "./replies.ts";
export { stopOnSignals } from "./signals.ts";
export { type SourceHandler, type SourceHandlerOptions, sourceHandler } from "./source-handler.ts";
export type { SourcePermission } from "./source-limits.ts";
