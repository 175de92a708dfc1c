import { busConformance, storeConformance } from "odori/conformance";
import { buses, memoryStores, sqliteStores } from "./adapters.ts";
import { runnerOf } from "./runner.ts";

busConformance(runnerOf(["order"]), buses.memory);
storeConformance(runnerOf(["concurrent"]), memoryStores);
storeConformance(runnerOf(["concurrent"]), sqliteStores);
