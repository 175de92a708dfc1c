export { type BusFactory, type BusFixture, busConformance } from "./bus.ts";
export type { Runner } from "./runner.ts";
export { storeConformance } from "./store.ts";
export type { StoreFactory, StoreFixture } from "./store-fixture.ts";
