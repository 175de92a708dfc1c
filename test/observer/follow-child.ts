/* Follows the journals of a folder into a projection, and prints what does not add up, and when. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import choreography from "../../examples/order/choreography.ts";
import { SqliteSource } from "../../src/adapters/sqlite/source.ts";
import { manifestOf } from "../../src/manifest/from-code.ts";
import { unexplained } from "../../src/observer/ledger.ts";
import { Observer } from "../../src/observer/observer.ts";
import { Projection } from "../../src/observer/projection.ts";

const [folder = "", file = ""] = process.argv.slice(2);
const files = readdirSync(folder).filter((name) => name.endsWith(".db"));
const projection = new Projection(file);
const observer = new Observer({
  sources: files.map((name) => new SqliteSource(join(folder, name))),
  projection,
  ends: manifestOf(choreography),
  pageRows: 40,
});
for (;;) {
  await observer.readFeeds();
  const now = Date.now();
  const missing = projection.accounts(now).filter((line) => unexplained(line) !== 0);
  process.stdout.write(`${JSON.stringify(missing)}\n`);
}
