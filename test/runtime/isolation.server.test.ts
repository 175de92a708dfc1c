import { describe } from "vitest";
import { runnerOf } from "../conformance/runner.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { postgresShelves } from "../support/shelf.ts";
import { isolationCases } from "./isolation.ts";
import { strayCases } from "./strays.ts";

describe.skipIf(urlOf("postgres") === undefined)(titleOf("postgres", "Postgres"), () => {
  const kind = postgresShelves(() => serverUrl("postgres"));
  isolationCases(runnerOf(), kind);
  strayCases(runnerOf(), kind);
});
