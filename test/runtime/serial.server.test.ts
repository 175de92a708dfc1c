import { describe } from "vitest";
import { runnerOf } from "../conformance/runner.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { postgresShelves } from "../support/shelf.ts";
import { serialProperty } from "./serial.ts";

describe.skipIf(urlOf("postgres") === undefined)(titleOf("postgres", "Postgres"), () => {
  serialProperty(
    runnerOf(),
    postgresShelves(() => serverUrl("postgres")),
    40,
  );
});
