import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { programs, written } from "../docs/orms.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { ROOT } from "../tidy/sources.ts";

const TABLE = "CREATE TABLE IF NOT EXISTS charges (order_id TEXT PRIMARY KEY, cents INTEGER)";

/** Handles an order with a service that has no program around it, and prints its rows. */
const handling = (file: string, stores: string) => `
import { testSchemas } from "odori/postgres";
import { sqlite } from "odori/sqlite";
import { given } from "odori/testing";
import { orderPlaced } from "./contracts.ts";
import { payment } from "./${file}";

await using stores = ${stores};
const setup = (tx) => tx.query("${TABLE}");
const data = { orderId: "o-1", cents: 500 };
await using then = await given(orderPlaced(data)).when(payment, { ...stores, setup });
const rows = await then.rows(async (tx) => (await tx.query("SELECT * FROM charges")).rows);
console.log(JSON.stringify([then.emitted.map(({ type }) => type), rows]));
`;

/** Runs a whole program of the page twice: its tables are there the second time. */
const running = (file: string, place: string) => `
import { open } from "./${file}";
for (const orderId of ["o-1", "o-2"]) {
  const shop = await open(${JSON.stringify(place)});
  try {
    console.log((await shop.place(orderId, 500)).state);
  } finally {
    await shop.close();
  }
}
`;

const SQLITE = '{ store: () => sqlite(":memory:"), [Symbol.asyncDispose]: async () => {} }';

/** A database of its own: the programs name the schemas of their services. */
async function newDatabase(name: string) {
  const url = new URL(serverUrl("postgres"));
  const admin = new pg.Client({ connectionString: url.href });
  await admin.connect();
  const database = `odori_page_${process.pid}_${name}`;
  await admin.query(`CREATE DATABASE ${database}`);
  url.pathname = `/${database}`;
  return {
    url: url.href,
    async rows() {
      const client = new pg.Client({ connectionString: url.href });
      await client.connect();
      const [orders, charges] = [
        await client.query('SELECT id, cents FROM "order".orders ORDER BY id'),
        await client.query("SELECT order_id, cents FROM payment.charges ORDER BY order_id"),
      ];
      await client.end();
      return [orders.rows, charges.rows];
    },
    async [Symbol.asyncDispose]() {
      await admin.query(`DROP DATABASE ${database} WITH (FORCE)`);
      await admin.end();
    },
  };
}

describe.skipIf(urlOf("postgres") === undefined)(
  titleOf("postgres", "the page on ORMs"),
  { timeout: 240_000 },
  () => {
    const flags = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];
    const ran = (cwd: string, ...args: readonly string[]) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, args, {
        cwd,
        encoding: "utf8",
      });
      return { status, out: `${stdout}${stderr}` };
    };

    it("has programs that compile", () => {
      using folder = written();
      writeFileSync(
        join(folder.path, "tsconfig.json"),
        JSON.stringify({ extends: "../../tsconfig.json", include: ["*.ts"] }),
      );
      const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
      expect(ran(folder.path, tsc, "-p", ".")).toEqual({ status: 0, out: "" });
    });

    it("plain SQL writes what it says, on each database", async () => {
      using folder = written();
      const wrote = JSON.stringify([["payment.charged.v1"], [{ order_id: "o-1", cents: 500 }]]);
      for (const stores of [SQLITE, `await testSchemas("${serverUrl("postgres")}")`]) {
        writeFileSync(join(folder.path, "play.mjs"), handling("plain.ts", stores));
        const played = ran(folder.path, ...flags, "play.mjs");
        expect([stores, played]).toEqual([stores, { status: 0, out: `${wrote}\n` }]);
      }
    });

    const whole = programs.map(({ file }) => file).filter((file) => file !== "contracts.ts");
    it.each(whole.filter((file) => file !== "plain.ts"))(
      "%s runs from its tables to the end of a saga, with rows of both services",
      async (file) => {
        using folder = written();
        const play = (place: string) => {
          writeFileSync(join(folder.path, "play.mjs"), running(file, place));
          return ran(folder.path, ...flags, "play.mjs");
        };
        const both = { status: 0, out: "succeeded\nsucceeded\n" };
        if (file.includes("sqlite")) {
          mkdirSync(join(folder.path, "data"));
          expect(play("data")).toEqual(both);
          return;
        }
        await using database = await newDatabase(file.replace(/\W.*$/, ""));
        expect(play(database.url)).toEqual(both);
        expect(await database.rows()).toEqual([
          ["o-1", "o-2"].map((id) => ({ id, cents: 500 })),
          ["o-1", "o-2"].map((order_id) => ({ order_id, cents: 500 })),
        ]);
      },
    );

    it("each library has a whole program", () => {
      expect(whole).toEqual([
        "plain.ts",
        "drizzle.ts",
        "drizzle-sqlite.ts",
        "kysely.ts",
        "knex.ts",
      ]);
    });
  },
);
