import { busConformance } from "odori/conformance";
import { describe } from "vitest";
import { rabbitBuses } from "../servers/rabbitmq.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { buses } from "./adapters.ts";
import { runnerOf } from "./runner.ts";

describe.skipIf(urlOf("rabbitmq") === undefined)(titleOf("rabbitmq", "RabbitMQ"), () => {
  busConformance(runnerOf(["order"]), buses.rabbitmq);
  busConformance(
    runnerOf(["order"]),
    rabbitBuses(() => serverUrl("rabbitmq"), "batch"),
  );
});
