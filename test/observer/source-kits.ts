import { join } from "node:path";
import { migrate, postgres, readingGrants } from "odori/postgres";
import { sqlite } from "odori/sqlite";
import pg from "pg";
import { PostgresSource } from "../../src/adapters/postgres/source.ts";
import { SqliteSource } from "../../src/adapters/sqlite/source.ts";
import type { JournalSource } from "../../src/ports/source.ts";
import type { Store } from "../../src/ports/store.ts";
import { type SourcePermission, sourceHandler } from "../../src/web/index.ts";
import { newSchema } from "../servers/postgres.ts";
import { Endpoint, TOKEN } from "../support/endpoint.ts";
import { temporaryFolder } from "../support/scope.ts";

/** One database: a store that writes to it, and what an observer reads. */
export interface SourceKit extends AsyncDisposable {
  readonly store: Store<unknown>;
  /** With as few rights as an observer needs; each call makes another one. */
  source(): JournalSource;
  /** With the rights of the service. */
  acting(): JournalSource;
}

export interface SourceKind {
  readonly name: string;
  /** What does the reading. */
  readonly reads: "files" | "servers";
  make(): Promise<SourceKit>;
}

export const sqliteSources: SourceKind = {
  name: "sqlite",
  reads: "files",
  async make() {
    const folder = temporaryFolder("source");
    const path = join(folder.path, "shop.db");
    const store = sqlite(path);
    const open: JournalSource[] = [];
    const source = () => {
      const made = new SqliteSource(path);
      open.push(made);
      return made;
    };
    return {
      store,
      source,
      acting: source,
      async [Symbol.asyncDispose]() {
        for (const one of open) await one.close();
        await store.close();
        folder[Symbol.dispose]();
      },
    };
  },
};

/** The same, read over HTTP: the database is known to the endpoint alone. */
export function httpSources(inner: SourceKind): SourceKind {
  return {
    name: `http, of ${inner.name}`,
    reads: "servers",
    async make() {
      const kit = await inner.make();
      const [reading, acting] = [await Endpoint.open(), await Endpoint.open()];
      const through = (at: Endpoint, source: JournalSource, ...allow: SourcePermission[]) => {
        at.listener = sourceHandler(source, { token: TOKEN, allow }).node;
        return at.source();
      };
      return {
        store: kit.store,
        source: () => through(reading, kit.source()),
        acting: () => through(acting, kit.acting(), "retry", "discard"),
        async [Symbol.asyncDispose]() {
          for (const endpoint of [reading, acting]) await endpoint[Symbol.asyncDispose]();
          await kit[Symbol.asyncDispose]();
        },
      };
    },
  };
}

/** The observer's role may read, and nothing else. */
export function postgresSources(url: () => string): SourceKind {
  return {
    name: "postgres",
    reads: "servers",
    async make() {
      const schema = newSchema();
      const role = `reads_${schema}`;
      const own = new pg.Pool({ connectionString: url(), max: 1 });
      await migrate("shop", { connectionString: url(), schema });
      await own.query(`CREATE ROLE ${role} LOGIN`);
      await own.query(readingGrants(role, { schema }));
      const store = postgres({ connectionString: url(), schema });
      const open: JournalSource[] = [];
      const sourceAs = (user: string | undefined) => {
        const address = new URL(url());
        if (user !== undefined) address.username = user;
        const made = new PostgresSource({ connectionString: address.href, schema });
        open.push(made);
        return made;
      };
      return {
        store,
        source: () => sourceAs(role),
        acting: () => sourceAs(undefined),
        async [Symbol.asyncDispose]() {
          for (const one of open) await one.close();
          await store.close();
          await own.query(`DROP SCHEMA ${schema} CASCADE; DROP ROLE ${role}`);
          await own.end();
        },
      };
    },
  };
}
