import { describe, it } from "vitest";
import { isolationCases } from "../runtime/isolation.ts";
import { strayCases } from "../runtime/strays.ts";
import { sqliteShelves } from "../support/shelf.ts";
import { sqliteLibraries } from "./on-sqlite.ts";
import { through } from "./shelves.ts";

// Libraries take their time on a busy machine.
describe("handlers that use", { timeout: 600_000 }, () => {
  describe.each(sqliteLibraries)("$name", (library) => {
    isolationCases({ describe, it }, through(sqliteShelves, library));
    strayCases({ describe, it }, through(sqliteShelves, library));
  });
});
