import { describe } from "vitest";
import { runnerOf } from "../conformance/runner.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { postgresShelves } from "../support/shelf.ts";
import { connectionCases } from "./connections-postgres.ts";
import { isolationCases } from "./isolation.ts";
import { postgresCases } from "./isolation-postgres.ts";
import { lostConnections } from "./lost-connections-postgres.ts";
import { sentCases } from "./sent.ts";
import { sentOnPostgres } from "./sent-postgres.ts";
import { sessionCases } from "./sessions-postgres.ts";
import { strayCases } from "./strays.ts";
import { swallowedFailures } from "./swallowed-postgres.ts";

describe.skipIf(urlOf("postgres") === undefined)(titleOf("postgres", "Postgres"), () => {
  const url = () => serverUrl("postgres");
  const kind = postgresShelves(url);
  isolationCases(runnerOf(), kind);
  sentCases(runnerOf(), kind);
  strayCases(runnerOf(), kind);
  postgresCases(runnerOf(), url);
  sessionCases(runnerOf(), url);
  connectionCases(runnerOf(), url);
  sentOnPostgres(runnerOf(), url);
  lostConnections(runnerOf(), url);
  swallowedFailures(runnerOf(), url);
});
