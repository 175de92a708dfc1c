import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { programs, written } from "../docs/orms.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { ROOT } from "../tidy/sources.ts";

const TABLE = "CREATE TABLE IF NOT EXISTS charges (order_id TEXT PRIMARY KEY, cents INTEGER)";

/** Handles an order with the service of one program, and prints its rows. */
const playing = (file: string, stores: string) => `
import { postgres, testSchemas } from "odori/postgres";
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

const SQLITE = '{ store: () => sqlite(":memory:"), [Symbol.asyncDispose]: async () => {} }';

describe.skipIf(urlOf("postgres") === undefined)(
  titleOf("postgres", "the page on ORMs"),
  { timeout: 120_000 },
  () => {
    it("has programs that compile, and write what they say, on each database", () => {
      using folder = written();
      const flags = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];
      const run = (...args: readonly string[]) => {
        const ran = spawnSync(process.execPath, args, { cwd: folder.path, encoding: "utf8" });
        return { status: ran.status, out: `${ran.stdout}${ran.stderr}` };
      };
      writeFileSync(
        join(folder.path, "tsconfig.json"),
        JSON.stringify({ extends: "../../tsconfig.json", include: ["*.ts"] }),
      );
      const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
      expect(run(tsc, "-p", ".")).toEqual({ status: 0, out: "" });

      const services = programs.map(({ file }) => file).filter((file) => file !== "contracts.ts");
      expect(services.length).toBe(5);
      const schemas = `await testSchemas("${serverUrl("postgres")}")`;
      const played = [
        ...services.map((file) => [file, file.includes("sqlite") ? SQLITE : schemas] as const),
        ["plain.ts", SQLITE] as const,
      ];
      const wrote = JSON.stringify([["payment.charged.v1"], [{ order_id: "o-1", cents: 500 }]]);
      for (const [file, stores] of played) {
        writeFileSync(join(folder.path, "play.mjs"), playing(file, stores));
        expect([file, run(...flags, "play.mjs")]).toEqual([file, { status: 0, out: `${wrote}\n` }]);
      }
    });
  },
);
