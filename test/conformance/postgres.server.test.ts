import { busConformance, storeConformance } from "odori/conformance";
import { describe, it } from "vitest";
import { titleOf, urlOf } from "../servers/shared.ts";
import { buses, stores } from "./adapters.ts";

describe.skipIf(urlOf("postgres") === undefined)(titleOf("postgres", "Postgres"), () => {
  storeConformance({ describe, it }, stores.postgres);
  busConformance({ describe, it }, buses.postgres);
});
