import { busConformance, storeConformance } from "odori/conformance";
import { describe, it } from "vitest";
import { buses, memoryStores, sqliteStores } from "./adapters.ts";

busConformance({ describe, it }, buses.memory);
storeConformance({ describe, it }, memoryStores);
storeConformance({ describe, it }, sqliteStores);
