import { describe, it } from "vitest";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { feedCases } from "./feed-cases.ts";
import { sourceCases } from "./source-cases.ts";
import { postgresSources } from "./source-kits.ts";

describe.skipIf(urlOf("postgres") === undefined)(titleOf("postgres", "sources on Postgres"), () => {
  sourceCases(
    { describe, it },
    postgresSources(() => serverUrl("postgres")),
  );
  feedCases({ describe, it }, () => serverUrl("postgres"));
});
