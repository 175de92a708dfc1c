export { type SqliteBus, sqliteBus } from "./bus.ts";
export type { SqliteBusOptions } from "./options.ts";
