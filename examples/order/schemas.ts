import { postgres } from "odori/postgres";
import pg from "pg";
import type { Databases } from "./database.ts";

/** A schema for each service, in one database of a server. */
export function schemas(url: string): Databases {
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return {
    store(service) {
      // The service's own tables live beside Odori's.
      const own = new URL(url);
      own.searchParams.set("options", `-c search_path="${service}"`);
      return postgres({ connectionString: own.href, schema: service });
    },
    async read(service, statement) {
      const client = await pool.connect();
      try {
        await client.query(`SET search_path = "${service}"`);
        return (await client.query(statement)).rows;
      } finally {
        client.release();
      }
    },
    async clear(services) {
      for (const service of services)
        await pool.query(`DROP SCHEMA IF EXISTS "${service}" CASCADE`);
    },
    close: () => pool.end(),
  };
}
