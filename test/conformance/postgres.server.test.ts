import { busConformance, storeConformance } from "odori/conformance";
import { describe } from "vitest";
import { postgresBuses } from "../servers/postgres.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { buses, stores } from "./adapters.ts";
import { runnerOf } from "./runner.ts";

describe.skipIf(urlOf("postgres") === undefined)(titleOf("postgres", "Postgres"), () => {
  storeConformance(runnerOf(), stores.postgres);
  busConformance(runnerOf(["order"]), buses.postgres);
  for (const mode of ["batch", "apart"] as const)
    busConformance(
      runnerOf(["order"]),
      postgresBuses(() => serverUrl("postgres"), mode),
    );
});
