import { runnerOf } from "../conformance/runner.ts";
import { memoryShelves, sqliteShelves } from "../support/shelf.ts";
import { isolationCases } from "./isolation.ts";
import { sqliteCases } from "./isolation-sqlite.ts";
import { sentCases } from "./sent.ts";
import { strayCases } from "./strays.ts";

for (const kind of [memoryShelves, sqliteShelves]) {
  isolationCases(runnerOf(), kind);
  sentCases(runnerOf(), kind);
  strayCases(runnerOf(), kind);
}
sqliteCases(runnerOf());
