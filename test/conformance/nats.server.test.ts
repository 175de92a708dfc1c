import { busConformance } from "odori/conformance";
import { describe, it } from "vitest";
import { titleOf, urlOf } from "../servers/shared.ts";
import { buses } from "./adapters.ts";

describe.skipIf(urlOf("nats") === undefined)(titleOf("nats", "NATS JetStream"), () => {
  busConformance({ describe, it }, buses.nats);
});
