import { postgres } from "odori/postgres";
import pg from "pg";
import { SERVICES, type Servers } from "../harness/contestant.ts";
import { withDatabase } from "../harness/database.ts";
import { odoriPostgres } from "../ours/servers.ts";
import { DUE_MS, type Ground, type Place } from "./ground.ts";

const WEEK_MS = 604_800_000;
/** Sagas in one statement. */
const CHUNK = 250_000;

async function client<T>({ servers }: Place, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const one = new pg.Client({ connectionString: servers.postgres });
  await one.connect();
  try {
    return await work(one);
  } finally {
    await one.end();
  }
}

/** The sagas `$1` to `$2`, which began from `$3` on, `$4` milliseconds apart. */
const SAGAS = `SELECT $3::bigint + ((i - $1::int) * $4::float8)::bigint AS born,
    'o-' || substr(md5(i::text), 1, 14) AS saga
  FROM generate_series($1::int, $2::int) AS i`;
const ID = `substr(lpad(to_hex(n.born), 12, '0'), 1, 8) || '-'
  || substr(lpad(to_hex(n.born), 12, '0'), 9, 4) || '-8' || substr(gen_random_uuid()::text, 16)`;

const fillInbox = (schema: string) => `INSERT INTO "${schema}".inbox (born, saga_id, reaction,
    source, id, stem, type, causation_id, disposition, effect, emitted, attempt, duration_ms,
    fingerprint, at)
  SELECT n.born, n.saga, reaction, source, ${ID}, stem, type, causation_id, disposition, effect,
    emitted, attempt, duration_ms, fingerprint, n.born + 20
  FROM (${SAGAS}) AS n, (SELECT * FROM "${schema}".inbox ORDER BY seq LIMIT 1) AS t`;
const fillSaga = (schema: string) => `INSERT INTO "${schema}".saga (saga_id, born, last, marks)
  SELECT n.saga, n.born, n.born + 20, marks
  FROM (${SAGAS}) AS n, (SELECT marks FROM "${schema}".saga LIMIT 1) AS t`;
const fillDeferred = (schema: string) => `INSERT INTO "${schema}".deferred (reaction, saga_id,
    source, id, type, state, attempts, due_at, set_at, malformed, body, at)
  SELECT reaction, n.saga, source, ${ID}, type, 'retrying', 1, "${schema}".now_ms() + ${DUE_MS},
    n.born, false, '[]', n.born
  FROM (${SAGAS}) AS n, (SELECT * FROM "${schema}".inbox ORDER BY seq LIMIT 1) AS t`;

export function overPostgres(servers: Servers): Ground {
  return {
    name: "Postgres",
    contestant: odoriPostgres,
    empty: (work) =>
      withDatabase(servers.postgres, (url) =>
        work({ servers: { ...servers, postgres: url }, folder: "" }),
      ),
    fill: (place, { from, to, first, last, waiting }, onRows) =>
      client(place, async (one) => {
        const apart = (last - first) / (to - from);
        for (const schema of SERVICES) {
          for (let week = Math.floor(first / WEEK_MS); week * WEEK_MS <= last; week++)
            await one.query(`SELECT "${schema}".add_partition($1)`, [week]);
          for (let low = from; low < to; low += CHUNK) {
            const high = Math.min(to, low + CHUNK);
            const values = [low, high - 1, Math.round(first + (low - from) * apart), apart];
            await one.query(fillInbox(schema), values);
            await one.query(fillSaga(schema), values);
            if (waiting) await one.query(fillDeferred(schema), values);
            onRows(high - low);
          }
        }
        await one.query("VACUUM ANALYZE");
      }),
    settle: (place) => client(place, async (one) => void (await one.query("CHECKPOINT"))),
    logged: (place) =>
      client(place, async (one) => {
        const { rows } = await one.query<{ bytes: string }>(
          "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS bytes",
        );
        return Number(rows[0]?.bytes);
      }),
    left: (place) =>
      client(place, async (one) => {
        await one.query("SELECT pg_stat_force_next_flush()").catch(() => {});
        const { rows } = await one.query<{ outbox: string; dead: string; kib: string }>(
          SERVICES.map(
            (name) => `SELECT (SELECT count(*) FROM "${name}".outbox) AS outbox,
              pg_total_relation_size('"${name}".outbox') / 1024 AS kib,
              (SELECT n_dead_tup FROM pg_stat_user_tables
                WHERE schemaname = '${name}' AND relname = 'outbox') AS dead`,
          ).join(" UNION ALL "),
        );
        const size = await one.query<{ gib: string }>(
          "SELECT pg_database_size(current_database()) / 1024.0 ^ 3 AS gib",
        );
        const list = (key: "outbox" | "dead" | "kib") => rows.map((row) => row[key]).join(", ");
        const gib = Number(size.rows[0]?.gib).toFixed(1);
        const outbox = `${list("outbox")} rows, ${list("dead")} dead, ${list("kib")} KiB`;
        return `outbox ${outbox}; ${gib} GiB`;
      }),
    store: (place) => postgres({ connectionString: place.servers.postgres, schema: "payment" }),
  };
}
