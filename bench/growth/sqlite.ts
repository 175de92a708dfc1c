import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sqlite } from "odori/sqlite";
import { SERVICES, type Servers } from "../harness/contestant.ts";
import { odoriSqlite } from "../ours/embedded.ts";
import { DUE_MS, type Ground, type Place } from "./ground.ts";

const files = ({ folder }: Place) => SERVICES.map((name) => join(folder, `${name}.db`));

export function overSqlite(servers: Servers): Ground {
  return {
    name: "SQLite",
    contestant: odoriSqlite,
    async empty(work) {
      const folder = mkdtempSync(join(tmpdir(), "odori-bench-"));
      try {
        await work({ servers, folder });
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    async fill(place, { from, to, first, last, waiting }, onRows) {
      const apart = (last - first) / (to - from);
      const id = `printf('%08x-%04x-8', n.born >> 16, n.born & 65535)
        || substr(lower(hex(randomblob(10))), 1, 19)`;
      for (const file of files(place)) {
        const database = new DatabaseSync(file);
        database.exec(`CREATE TEMP TABLE n AS
          WITH RECURSIVE i(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM i WHERE n + 1 < ${to - from})
          SELECT CAST(${first} + n * ${apart} AS INTEGER) AS born,
            'o-' || lower(hex(randomblob(7))) AS saga FROM i;
          BEGIN;
          INSERT INTO odori_inbox (born, saga_id, reaction, source, id, stem, type, causation_id,
              disposition, effect, emitted, attempt, duration_ms, fingerprint, at)
            SELECT n.born, n.saga, reaction, source, ${id}, stem, type, causation_id, disposition,
              effect, emitted, attempt, duration_ms, fingerprint, n.born + 20
            FROM n, (SELECT * FROM odori_inbox ORDER BY seq LIMIT 1);
          INSERT INTO odori_saga (saga_id, born, last, marks)
            SELECT n.saga, n.born, n.born + 20, marks
            FROM n, (SELECT marks FROM odori_saga LIMIT 1);
          INSERT INTO odori_deferred (reaction, saga_id, source, id, type, state, attempts, due_at,
              set_at, malformed, body, at)
            SELECT reaction, n.saga, source, ${id}, type, 'retrying', 1, ${Date.now() + DUE_MS},
              n.born, 0, '[]', n.born
            FROM n, (SELECT * FROM odori_inbox ORDER BY seq LIMIT 1) WHERE ${waiting ? 1 : 0};
          COMMIT; DROP TABLE n`);
        database.close();
        onRows(to - from);
      }
    },
    async settle(place) {
      for (const file of files(place)) {
        const database = new DatabaseSync(file);
        database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
        database.close();
      }
    },
    logged: async () => undefined,
    async left(place) {
      const found = files(place).map((file) => {
        const database = new DatabaseSync(file, { readOnly: true });
        const row = database
          .prepare(
            `SELECT (SELECT count(*) FROM odori_outbox) AS outbox,
               (SELECT count(*) FROM odori_deferred) AS deferred`,
          )
          .get();
        database.close();
        return [Number(row?.outbox), Number(row?.deferred)];
      });
      const list = (column: 0 | 1) => found.map((counts) => counts[column]).join(", ");
      return `outbox ${list(0)} rows, deferred ${list(1)}`;
    },
    store: (place) => sqlite(join(place.folder, "payment.db")),
  };
}
