import { describe, it } from "vitest";
import { isolationCases } from "../runtime/isolation.ts";
import { strayCases } from "../runtime/strays.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { postgresShelves } from "../support/shelf.ts";
import { postgresLibraries } from "./on-postgres.ts";
import { through } from "./shelves.ts";

// Libraries take their time on a busy machine.
describe.skipIf(urlOf("postgres") === undefined)(
  titleOf("postgres", "handlers that use"),
  { timeout: 600_000 },
  () => {
    const kind = postgresShelves(() => serverUrl("postgres"));
    describe.each(postgresLibraries)("$name", (library) => {
      isolationCases({ describe, it }, through(kind, library));
      strayCases({ describe, it }, through(kind, library));
    });
  },
);
