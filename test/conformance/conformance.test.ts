import { busConformance, storeConformance } from "odori/conformance";
import { describe, it } from "vitest";
import { buses, memoryStores, sqliteStores } from "./adapters.ts";

for (const bus of Object.values(buses)) busConformance({ describe, it }, bus);
storeConformance({ describe, it }, memoryStores);
storeConformance({ describe, it }, sqliteStores);
