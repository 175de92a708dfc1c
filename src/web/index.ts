export { type HandlerOptions, odoriHandler } from "./handler.ts";
export { nodeHandler } from "./node.ts";
export type { WatchedApp } from "./replies.ts";
export { stopOnSignals } from "./signals.ts";
