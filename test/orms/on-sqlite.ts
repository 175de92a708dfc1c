import { eq, sql } from "drizzle-orm";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { drizzle } from "drizzle-orm/sqlite-proxy";
import knex from "knex";
import { CompiledQuery, Kysely, SqliteDialect } from "kysely";
import { asDatabase, asProxy, type Sql } from "odori/sqlite";
import { ignore, type ShelfLibrary, type Tables, undone } from "./shelves.ts";

const isSql = (tx: unknown): tx is Sql => typeof tx === "object" && tx !== null && "run" in tx;

function sqlOf(tx: unknown): Sql {
  if (isSql(tx)) return tx;
  throw new Error("This is not a transaction of SQLite.");
}

const items = sqliteTable("items", { item: text().primaryKey(), count: integer().notNull() });
const notes = sqliteTable("notes", { text: text().notNull() });
const drizzleOf = (tx: unknown) => drizzle(asProxy(sqlOf(tx)));

const onDrizzle: ShelfLibrary = {
  name: "Drizzle",
  async read(tx, item) {
    return (await drizzleOf(tx).select().from(items).where(eq(items.item, item)).get())?.count ?? 0;
  },
  async write(tx, item, count) {
    await drizzleOf(tx)
      .insert(items)
      .values({ item, count })
      .onConflictDoUpdate({ target: items.item, set: { count } });
  },
  async note(tx, text) {
    await drizzleOf(tx).insert(notes).values({ text });
  },
  async fail(tx) {
    await drizzleOf(tx).insert(items).values({ item: "broken", count: sql`NULL` });
  },
  async attempt(tx, work) {
    const undo = drizzleOf(tx).transaction(async (nested) => {
      await nested.insert(notes).values({ text: "nested" });
      await work();
      throw undone;
    });
    await undo.catch(ignore);
  },
  async run(tx, text) {
    await drizzleOf(tx).run(sql.raw(text));
  },
};

const kyselyOf = (tx: unknown) =>
  new Kysely<Tables>({ dialect: new SqliteDialect({ database: asDatabase(sqlOf(tx)) }) });

const onKysely: ShelfLibrary = {
  name: "Kysely",
  async read(tx, item) {
    const found = kyselyOf(tx).selectFrom("items").select("count").where("item", "=", item);
    return (await found.executeTakeFirst())?.count ?? 0;
  },
  async write(tx, item, count) {
    const { numInsertedOrUpdatedRows } = await kyselyOf(tx)
      .insertInto("items")
      .values({ item, count })
      .onConflict((conflict) => conflict.column("item").doUpdateSet({ count }))
      .executeTakeFirstOrThrow();
    if (numInsertedOrUpdatedRows !== 1n) throw new Error("One row is written.");
  },
  async note(tx, text) {
    await kyselyOf(tx).insertInto("notes").values({ text }).execute();
  },
  async fail(tx) {
    await kyselyOf(tx).executeQuery(CompiledQuery.raw("INSERT INTO items VALUES ('broken', NULL)"));
  },
  async attempt(tx, work) {
    const undo = kyselyOf(tx)
      .transaction()
      .execute(async (nested) => {
        await nested.insertInto("notes").values({ text: "nested" }).execute();
        await work();
        throw undone;
      });
    await undo.catch(ignore);
  },
  async run(tx, text) {
    await kyselyOf(tx).executeQuery(CompiledQuery.raw(text));
  },
};

/** Without a connection of its own Knex does not need the package better-sqlite3. */
const builder = knex({ client: "better-sqlite3", useNullAsDefault: true });

const onKnex: ShelfLibrary = {
  name: "Knex",
  async read(tx, item) {
    const found = builder("items")
      .where({ item })
      .connection(asDatabase(sqlOf(tx)));
    return Number((await found.first("count"))?.count ?? 0);
  },
  async write(tx, item, count) {
    const insert = builder("items").insert({ item, count }).onConflict("item").merge();
    await insert.connection(asDatabase(sqlOf(tx)));
  },
  async note(tx, text) {
    await builder("notes")
      .insert({ text })
      .connection(asDatabase(sqlOf(tx)));
  },
  async fail(tx) {
    await builder("items")
      .insert({ item: "broken", count: null })
      .connection(asDatabase(sqlOf(tx)));
  },
  async attempt(tx, work) {
    const connection = asDatabase(sqlOf(tx));
    const undo = builder.transaction(
      async (nested) => {
        await nested("notes").insert({ text: "nested" });
        await work();
        throw undone;
      },
      { connection },
    );
    await undo.catch(ignore);
  },
  async run(tx, text) {
    await builder.raw(text).connection(asDatabase(sqlOf(tx)));
  },
};

export const sqliteLibraries: readonly ShelfLibrary[] = [onDrizzle, onKysely, onKnex];
