import { busConformance } from "odori/conformance";
import { describe, it } from "vitest";
import { titleOf, urlOf } from "../servers/shared.ts";
import { buses } from "./adapters.ts";

describe.skipIf(urlOf("rabbitmq") === undefined)(titleOf("rabbitmq", "RabbitMQ"), () => {
  busConformance({ describe, it }, buses.rabbitmq);
});
