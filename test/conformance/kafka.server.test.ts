import { busConformance } from "odori/conformance";
import { describe } from "vitest";
import { titleOf, urlOf } from "../servers/shared.ts";
import { buses } from "./adapters.ts";
import { runnerOf } from "./runner.ts";

describe.skipIf(urlOf("kafka") === undefined)(titleOf("kafka", "Kafka"), () => {
  busConformance(runnerOf(), buses.kafka);
});
