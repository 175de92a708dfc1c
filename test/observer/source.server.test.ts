import { describe, it } from "vitest";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { feedCases } from "./feed-cases.ts";
import { sourceCases } from "./source-cases.ts";
import { httpSources, postgresSources } from "./source-kits.ts";

describe.skipIf(urlOf("postgres") === undefined)(titleOf("postgres", "sources on Postgres"), () => {
  sourceCases(
    { describe, it },
    postgresSources(() => serverUrl("postgres")),
  );
  sourceCases({ describe, it }, httpSources(postgresSources(() => serverUrl("postgres"))));
  feedCases({ describe, it }, () => serverUrl("postgres"));
});
