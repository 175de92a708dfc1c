import { describe } from "vitest";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { postgresKits } from "../support/postgres-kit.ts";
import { deploymentCases } from "./deployments.ts";
import { hazardCases } from "./hazards.ts";

describe.skipIf(urlOf("postgres") === undefined)(titleOf("postgres", "Postgres"), () => {
  const kind = postgresKits(() => serverUrl("postgres"));
  deploymentCases(kind);
  hazardCases(kind);
});
