import { busConformance } from "odori/conformance";
import { describe, it } from "vitest";
import { titleOf, urlOf } from "../servers/shared.ts";
import { buses } from "./adapters.ts";

describe.skipIf(urlOf("kafka") === undefined)(titleOf("kafka", "Kafka"), () => {
  busConformance({ describe, it }, buses.kafka);
});
