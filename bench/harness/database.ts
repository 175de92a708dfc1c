import { randomUUID } from "node:crypto";
import pg from "pg";

/** An empty database of the server, for one round. */
export async function withDatabase<T>(
  server: string,
  work: (url: string) => Promise<T>,
): Promise<T> {
  const name = `bench_${randomUUID().replaceAll("-", "")}`;
  const admin = new pg.Client({ connectionString: server });
  await admin.connect();
  try {
    // Pages that the round before left dirty are not charged to this one.
    await admin.query("CHECKPOINT");
    await admin.query(`CREATE DATABASE ${name}`);
    const own = new URL(server);
    own.pathname = `/${name}`;
    return await work(own.href);
  } finally {
    await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await admin.end();
  }
}
