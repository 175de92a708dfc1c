import pg from "pg";
import { describe, expect, it } from "vitest";
import { type Databases, files } from "../../examples/order/database.ts";
import { schemas } from "../../examples/order/schemas.ts";
import { serverUrl, urlOf } from "../servers/shared.ts";
import { closing, stopping, temporaryFolder } from "../support/scope.ts";
import { Rolling } from "./rolling.ts";

const LIMIT_MS = 600_000;

/** A database of its own: the schemas have the names of the services. */
async function ownDatabase(name: string): Promise<string> {
  const client = new pg.Client({ connectionString: serverUrl("postgres") });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  const url = new URL(serverUrl("postgres"));
  url.pathname = `/${name}`;
  return url.href;
}

async function roll(store: "postgres" | "sqlite") {
  const name = `rolling_${store}_${process.pid}`;
  using data = temporaryFolder("rolling");
  const postgres = store === "postgres" ? await ownDatabase(name) : "";
  const made: Databases = store === "postgres" ? schemas(postgres) : files(data.path);
  await using databases = closing(made);
  const environment = { ROLLING_POSTGRES: postgres, ROLLING_NATS: serverUrl("nats") };
  await using rolling = stopping(
    new Rolling({ store, data: data.path, stream: name, environment }, databases),
  );
  return await rolling.play();
}

describe("two versions of each service side by side, under load", () => {
  it
    .skipIf(urlOf("nats") === undefined || urlOf("postgres") === undefined)
    .each(["postgres", "sqlite"] as const)(
    "nothing is lost, done twice or parked on %s",
    { timeout: LIMIT_MS },
    async (store) => {
      const { violations, unknown, crossed, undoneAcross, counts } = await roll(store);
      expect(violations).toEqual([]);
      expect(unknown).toEqual({ order: {}, payment: {}, inventory: {}, shipping: {} });
      expect(crossed).toBeGreaterThan(20);
      expect(undoneAcross).toBeGreaterThan(0);
      for (const deed of ["completed", "refunded", "released", "asked", "scored"])
        expect([deed, counts.get(deed)]).toEqual([deed, expect.any(Number)]);
    },
  );
});
