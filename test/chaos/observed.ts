import { join } from "node:path";
import choreography from "../../examples/order/choreography.ts";
import { PostgresSource } from "../../src/adapters/postgres/source.ts";
import { SqliteSource } from "../../src/adapters/sqlite/source.ts";
import { manifestOf } from "../../src/manifest/from-code.ts";
import { unexplained } from "../../src/observer/ledger.ts";
import { Observer } from "../../src/observer/observer.ts";
import type { Projection } from "../../src/observer/projection.ts";
import type { SagaVerdict } from "../../src/observer/verdict.ts";
import type { JournalSource } from "../../src/ports/source.ts";

/** Where the services keep their data: a folder of SQLite files, or a Postgres server. */
export type DataPlace = { readonly folder: string } | { readonly url: string };

/** Opens the journal of each service. A file that is not there yet is an error. */
export function sourcesAt(place: DataPlace, services: readonly string[]): readonly JournalSource[] {
  return services.map((service) =>
    "folder" in place
      ? new SqliteSource(join(place.folder, `${service}.db`))
      : new PostgresSource({ connectionString: place.url, schema: service }),
  );
}

export function observerOf(sources: readonly JournalSource[], projection: Projection): Observer {
  return new Observer({ sources, projection, ends: manifestOf(choreography), replyMs: 5_000 });
}

/** Verdicts that no order may ever have: a kill breaks none of them. */
const NEVER: readonly SagaVerdict[] = ["illegal", "doomed", "at risk", "stuck", "rest"];

/** What an observer says that is not so. */
export function alarmsOf(observer: Observer, projection: Projection): readonly string[] {
  const counts = projection.counts();
  const verdicts = NEVER.filter((verdict) => counts.has(verdict));
  const lines = projection
    .accounts(Date.now())
    .filter((line) => observer.missingFor(line).length === 0 && unexplained(line) !== 0);
  return [
    ...verdicts.map((verdict) => `${counts.get(verdict)} sagas are ${verdict}`),
    ...lines.map((line) => `not accounted for: ${JSON.stringify(line)}`),
  ];
}
