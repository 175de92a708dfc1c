import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { PrismaPg } from "@prisma/adapter-pg";
import { service, start } from "odori";
import { memoryBus } from "odori/memory";
import { asPool, fromPrisma, postgres, type Sql } from "odori/postgres";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { newSchema } from "../servers/postgres.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { placed } from "../support/contracts.ts";
import { envelope, silent } from "../support/stage.ts";

const HERE = fileURLToPath(new URL(".", import.meta.url));

interface Transaction {
  $executeRawUnsafe(statement: string): Promise<number>;
  $queryRawUnsafe(statement: string, ...values: unknown[]): Promise<unknown>;
}

interface Client {
  business: {
    create(row: { data: { key: string } }): Promise<unknown>;
    count(): Promise<number>;
  };
  $transaction<T>(work: (tx: Transaction & Pick<Client, "business">) => Promise<T>): Promise<T>;
  $disconnect(): Promise<void>;
}

/** The client is generated from the schema beside this file; its code does not exist before. */
async function generated(): Promise<new (options: { adapter: unknown }) => Client> {
  // Generating needs no engine, and asks for one all the same.
  const env = {
    ...process.env,
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    CHECKPOINT_DISABLE: "1",
  };
  const made = spawnSync(
    process.execPath,
    ["node_modules/prisma/build/index.js", "generate", "--schema", "schema.prisma"],
    {
      cwd: HERE,
      env,
      encoding: "utf8",
    },
  );
  if (made.status !== 0) throw new Error(`prisma generate failed: ${made.stdout}${made.stderr}`);
  const { PrismaClient } = await import(new URL(".odori/client.ts", import.meta.url).href);
  return PrismaClient;
}

describe.skipIf(urlOf("postgres") === undefined)(
  titleOf("postgres", "joining a transaction of"),
  () => {
    it("Prisma in a handler: its rows commit with the delivery, or not at all", async () => {
      const schema = newSchema();
      const own = new pg.Pool({ connectionString: serverUrl("postgres"), max: 1 });
      await own.query(
        `CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.business (key text PRIMARY KEY)`,
      );
      const PrismaClient = await generated();
      const hears = service<Sql>("shop").on(placed, {
        name: "note",
        async handle({ data: { orderId } }, { tx }) {
          const prisma = new PrismaClient({ adapter: new PrismaPg(asPool(tx), { schema }) });
          await prisma.business.create({ data: { key: orderId } });
          const undo = prisma.$transaction(async (nested) => {
            await nested.business.create({ data: { key: `${orderId} undone` } });
            throw new Error("undone");
          });
          await undo.catch(() => {});
          await prisma.$transaction(async (nested) => {
            await nested.business.create({ data: { key: `${orderId} nested` } });
          });
          await prisma.$disconnect();
          if (orderId === "lost") throw new Error("the handler fails");
        },
      });
      const bus = memoryBus(["shop"]);
      const app = await start(hears, {
        store: postgres({ connectionString: serverUrl("postgres"), schema }),
        bus,
        logger: silent,
        retry: { attempts: 1 },
      });
      try {
        for (const orderId of ["kept", "lost", "last"])
          await bus.publish([envelope(placed, orderId, { orderId })]);
        const { rows } = await own.query(`SELECT key FROM ${schema}.business ORDER BY key`);
        const keys = rows.map(({ key }) => key);
        expect(keys).toEqual(["kept", "kept nested", "last", "last nested"]);
      } finally {
        await app.stop();
        await bus.close();
        await own.query(`DROP SCHEMA ${schema} CASCADE`);
        await own.end();
      }
    });

    it("Prisma: commit keeps both, rollback loses both", async () => {
      const schema = newSchema();
      const own = new pg.Pool({ connectionString: serverUrl("postgres"), max: 1 });
      const bus = memoryBus(["shop"]);
      const shop = service<Sql>("shop").begins(placed);
      const app = await start(shop, {
        store: postgres({ connectionString: serverUrl("postgres"), schema }),
        bus,
        logger: silent,
      });
      await own.query(`CREATE TABLE ${schema}.business (key text PRIMARY KEY)`);
      const PrismaClient = await generated();
      const prisma = new PrismaClient({
        adapter: new PrismaPg({ connectionString: serverUrl("postgres") }),
      });
      const begin = (id: string, tx: Transaction) =>
        app.begin(id, () => placed({ orderId: id }), { within: fromPrisma(tx) });
      try {
        await prisma.$transaction(async (tx) => {
          await tx.$executeRawUnsafe(`INSERT INTO ${schema}.business (key) VALUES ('kept')`);
          expect((await begin("kept", tx)).begun).toBe(true);
          expect((await begin("kept", tx)).begun).toBe(false);
        });
        const failing = prisma.$transaction(async (tx) => {
          await tx.$executeRawUnsafe(`INSERT INTO ${schema}.business (key) VALUES ('lost')`);
          expect((await begin("lost", tx)).begun).toBe(true);
          throw new Error("the caller failed");
        });
        await expect(failing).rejects.toThrow("the caller failed");
        expect((await app.inspect.journal("kept")).map(({ disposition }) => disposition)).toEqual([
          "begun",
        ]);
        expect(await app.inspect.journal("lost")).toEqual([]);
        expect((await own.query(`SELECT key FROM ${schema}.business`)).rows).toEqual([
          { key: "kept" },
        ]);
      } finally {
        await prisma.$disconnect();
        await app.stop();
        await bus.close();
        await own.query(`DROP SCHEMA ${schema} CASCADE`);
        await own.end();
      }
    });
  },
);
