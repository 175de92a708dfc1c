export { type MemoryBus, type MemoryBusOptions, memoryBus } from "./bus.ts";
export { MemoryDatabase } from "./database.ts";
export type { MemoryTable, MemoryTx } from "./native.ts";
export { type MemoryStore, memoryStore, memoryTable } from "./store.ts";
export type { TransactionalMap } from "./table.ts";
