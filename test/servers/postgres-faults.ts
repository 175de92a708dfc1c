import type { BusFactory, FaultyBus } from "odori/conformance";
import { postgresBus } from "odori/postgres";
import pg from "pg";
import { silenced } from "./own.ts";

let schemas = 0;

/** The bus past a proxy on that port. */
const past = (port: number) => postgresBus(`postgres://postgres@127.0.0.1:${port}/postgres`);

/** What can happen to a database that is the bus, by name. */
export function postgresFaults(url: () => string): NonNullable<BusFactory["faults"]> {
  const statement = (text: (schema: string) => string) => async () => {
    const schema = `f${process.pid}_${schemas++}`;
    const bus = postgresBus({ connectionString: url(), schema });
    const own = new pg.Pool({ connectionString: url(), max: 1 });
    return {
      bus,
      inflict: async () => void (await own.query(text(schema))),
      async close() {
        await bus.close();
        await own.query(`DROP SCHEMA ${schema} CASCADE`);
        await own.end();
      },
    };
  };
  return {
    "the tables are deleted": statement((schema) => `DROP SCHEMA ${schema} CASCADE`),
    "the subscription is deleted": statement((schema) => `DELETE FROM ${schema}.subscription`),
    "the role may not log in, and may again": () => roleBarred(url()),
    "the connections are black holes": () => silenced("postgres", past, "all"),
    "a reply never comes": () => silenced("postgres", past, "replies"),
  };
}

async function roleBarred(url: string): Promise<FaultyBus> {
  const role = `r${process.pid}_${schemas++}`;
  const own = new pg.Pool({ connectionString: url, max: 1 });
  await own.query(`CREATE ROLE ${role} LOGIN; CREATE SCHEMA ${role} AUTHORIZATION ${role}`);
  const connectionString = url.replace("postgres@", `${role}@`);
  const bus = postgresBus({ connectionString, schema: role });
  return {
    bus,
    async inflict() {
      await own.query(`ALTER ROLE ${role} NOLOGIN`);
      await own.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", [
        role,
      ]);
    },
    repair: async () => void (await own.query(`ALTER ROLE ${role} LOGIN`)),
    async close() {
      await bus.close();
      await own.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
      await own.end();
    },
  };
}
