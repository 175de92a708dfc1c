import { describe } from "vitest";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { postgresKits } from "../support/postgres-kit.ts";
import { ownerCases } from "./owners.ts";

describe.skipIf(urlOf("postgres") === undefined)(titleOf("postgres", "Postgres"), () => {
  ownerCases(postgresKits(() => serverUrl("postgres")));
});
