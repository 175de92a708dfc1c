import { busConformance } from "odori/conformance";
import { describe } from "vitest";
import { natsBuses } from "../servers/nats.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { buses } from "./adapters.ts";
import { runnerOf } from "./runner.ts";

describe.skipIf(urlOf("nats") === undefined)(titleOf("nats", "NATS JetStream"), () => {
  busConformance(runnerOf(["order"]), buses.nats);
  busConformance(
    runnerOf(["order"]),
    natsBuses(() => serverUrl("nats"), "batch"),
  );
});
