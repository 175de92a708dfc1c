export { type BusFactory, type BusFixture, busConformance } from "./bus.ts";
export type { FaultyBus, MakeFaulty } from "./bus-faults.ts";
export { OPTIONAL, type Optional, type Runner, type TestContext } from "./runner.ts";
export { storeConformance } from "./store.ts";
export {
  localClock,
  type StoreFactory,
  type StoreFixture,
  type TestClock,
} from "./store-fixture.ts";
