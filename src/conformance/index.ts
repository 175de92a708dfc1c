export { type BusFactory, type BusFixture, busConformance } from "./bus.ts";
export type { Runner } from "./runner.ts";
export { storeConformance } from "./store.ts";
export {
  localClock,
  type StoreFactory,
  type StoreFixture,
  type TestClock,
} from "./store-fixture.ts";
