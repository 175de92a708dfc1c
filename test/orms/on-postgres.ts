import { eq, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { integer, pgTable, text } from "drizzle-orm/pg-core";
import knex from "knex";
import { CompiledQuery, Kysely, PostgresDialect } from "kysely";
import { asPool, type Sql } from "odori/postgres";
import { ignore, type ShelfLibrary, type Tables, undone } from "./shelves.ts";

const isSql = (tx: unknown): tx is Sql => typeof tx === "object" && tx !== null && "query" in tx;

/** The handler's transaction, as a library is given it. */
function poolOf(tx: unknown) {
  if (!isSql(tx)) throw new Error("This is not a transaction of Postgres.");
  return asPool(tx);
}

const items = pgTable("items", { item: text().primaryKey(), count: integer().notNull() });
const notes = pgTable("notes", { text: text().notNull() });
const drizzleOf = (tx: unknown) => drizzle(poolOf(tx));

const onDrizzle: ShelfLibrary = {
  name: "Drizzle",
  async read(tx, item) {
    const found = drizzleOf(tx).select().from(items).where(eq(items.item, item)).for("update");
    return (await found)[0]?.count ?? 0;
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
      await nested.insert(notes).values({ text: "in the nested transaction" });
      await work();
      throw undone;
    });
    await undo.catch(ignore);
  },
  async run(tx, text) {
    await drizzleOf(tx).execute(sql.raw(text));
  },
};

const kyselyOf = (tx: unknown) =>
  new Kysely<Tables>({ dialect: new PostgresDialect({ pool: poolOf(tx) }) });

const onKysely: ShelfLibrary = {
  name: "Kysely",
  async read(tx, item) {
    const found = kyselyOf(tx).selectFrom("items").select("count").where("item", "=", item);
    return (await found.forUpdate().executeTakeFirst())?.count ?? 0;
  },
  async write(tx, item, count) {
    await kyselyOf(tx)
      .insertInto("items")
      .values({ item, count })
      .onConflict((conflict) => conflict.column("item").doUpdateSet({ count }))
      .execute();
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

// With its version, Knex does not ask the server for it.
const knexOf = (tx: unknown) => knex({ client: "pg", version: "17", connectionPool: poolOf(tx) });

const onKnex: ShelfLibrary = {
  name: "Knex",
  async read(tx, item) {
    const found = await knexOf(tx)("items").where({ item }).forUpdate().first("count");
    return Number(found?.count ?? 0);
  },
  async write(tx, item, count) {
    await knexOf(tx)("items").insert({ item, count }).onConflict("item").merge();
  },
  async note(tx, text) {
    await knexOf(tx)("notes").insert({ text });
  },
  async fail(tx) {
    await knexOf(tx)("items").insert({ item: "broken", count: null });
  },
  async attempt(tx, work) {
    const undo = knexOf(tx).transaction(async (nested) => {
      await nested("notes").insert({ text: "nested" });
      await work();
      throw undone;
    });
    await undo.catch(ignore);
  },
  async run(tx, text) {
    await knexOf(tx).raw(text);
  },
};

export const postgresLibraries: readonly ShelfLibrary[] = [onDrizzle, onKysely, onKnex];
