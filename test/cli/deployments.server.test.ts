import { postgres } from "odori/postgres";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { newSchema } from "../servers/postgres.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { odori } from "../support/command.ts";
import { placeCases } from "./deployments.ts";

describe.skipIf(urlOf("postgres") === undefined)(titleOf("postgres", "Postgres"), () => {
  placeCases("postgres", async () => {
    const { url, dispose } = await newDatabase();
    return {
      data: url,
      store: () => postgres({ connectionString: url, schema: "payment" }),
      async change(statement) {
        const client = new pg.Client({ connectionString: url });
        await client.connect();
        await client.query(statement.replace("$T", "payment.deferred"));
        await client.end();
      },
      [Symbol.asyncDispose]: dispose,
    };
  });

  it("says that a database has no service, without its password", async () => {
    const { url, dispose } = await newDatabase();
    try {
      const { status, err } = await odori(["parked", "list", "--data", url]);
      expect(status).toBe(2);
      expect(err).toContain("DATA_NOT_FOUND");
      expect(err).not.toContain("secret");
    } finally {
      await dispose();
    }
  });
});

/** A database of its own: the command lists every schema of one. */
async function newDatabase(): Promise<{ readonly url: string; dispose(): Promise<void> }> {
  const own = new pg.Client({ connectionString: serverUrl("postgres") });
  const name = newSchema();
  await own.connect();
  await own.query(`CREATE DATABASE ${name}`);
  const url = new URL(serverUrl("postgres"));
  url.pathname = `/${name}`;
  // The server trusts every login, so it accepts a password that must not be shown.
  url.password = "secret";
  return {
    url: url.href,
    async dispose() {
      await own.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await own.end();
    },
  };
}
