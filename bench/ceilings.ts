import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { verifyFile } from "./odori.ts";
import { type Contestant, SERVICES, timed, verify } from "./workload.ts";

/** What a hand-made saga costs that does the least: no contract, no fence, no retry, no trace, no concurrency;
 * inbox, one row and outbox with prepared statements, in batches that somebody else has put together. */
class HandMadeStep {
  readonly #database: DatabaseSync;
  readonly #inbox;
  readonly #work;
  readonly #outbox;
  readonly #confirm;
  #published: number[] = [];

  constructor(path: string) {
    const database = new DatabaseSync(path);
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
      CREATE TABLE inbox (id TEXT PRIMARY KEY) WITHOUT ROWID;
      CREATE TABLE work (id INTEGER PRIMARY KEY, order_id TEXT NOT NULL, service TEXT NOT NULL);
      CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL);`);
    this.#database = database;
    this.#inbox = database.prepare("INSERT INTO inbox (id) VALUES (?) ON CONFLICT DO NOTHING");
    this.#work = database.prepare("INSERT INTO work (order_id, service) VALUES (?, ?)");
    this.#outbox = database.prepare("INSERT INTO outbox (event) VALUES (?)");
    this.#confirm = database.prepare("DELETE FROM outbox WHERE id = ?");
  }

  handle(service: string, type: string, heard: readonly Message[]): readonly Message[] {
    const emitted: Message[] = [];
    const rows: number[] = [];
    this.#database.exec("BEGIN IMMEDIATE");
    for (const row of this.#published) this.#confirm.run(row);
    for (const message of heard) {
      if (this.#inbox.run(message.id).changes === 0) continue;
      this.#work.run(message.orderId, service);
      const next = messageOf(service, type, message.orderId, message.id);
      rows.push(Number(this.#outbox.run(JSON.stringify(next)).lastInsertRowid));
      emitted.push(next);
    }
    this.#database.exec("COMMIT");
    this.#published = rows;
    return emitted;
  }

  close(): void {
    this.#database.close();
  }
}

/** A CloudEvent as anybody's outbox would keep it. */
interface Message {
  readonly specversion: "1.0";
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly time: string;
  readonly sagaid: string;
  readonly correlationid: string;
  readonly causationid: string | undefined;
  readonly datacontenttype: "application/json";
  readonly orderId: string;
  readonly data: { readonly orderId: string; readonly reference: string };
}

function messageOf(service: string, type: string, orderId: string, causationid: string | undefined): Message {
  return {
    specversion: "1.0",
    id: randomUUID(),
    type,
    source: `/${service}`,
    time: new Date().toISOString(),
    sagaid: orderId,
    correlationid: orderId,
    causationid,
    datacontenttype: "application/json",
    orderId,
    data: { orderId, reference: `r-${orderId}` },
  };
}

export function sqliteCeiling(batch: number): Contestant {
  return {
    name: `hand-made, SQLite, ${batch} a commit`,
    durability: "WAL, synchronous=FULL",
    async run(sagas) {
      const folder = mkdtempSync(join(tmpdir(), "odori-bench-"));
      try {
        const steps = SERVICES.map((name) => new HandMadeStep(join(folder, `${name}.db`)));
        const round = await timed(sagas, async () => {
          for (let from = 0; from < sagas; from += batch) {
            const size = Math.min(batch, sagas - from);
            let messages: readonly Message[] = Array.from({ length: size }, (_, i) =>
              messageOf("customer", "customer.asked.v1", `o-${from + i}`, undefined),
            );
            steps.forEach((step, index) => {
              const name = SERVICES[index] ?? "orders";
              messages = step.handle(name, `${name}.happened.v1`, messages);
            });
          }
        });
        for (const step of steps) step.close();
        for (const name of SERVICES) verifyFile(join(folder, `${name}.db`), sagas);
        return round;
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  };
}

/** A queue, a set of seen ids and a map of rows for each service. */
export const memoryCeiling: Contestant = {
  name: "hand-made, memory, FIFO with dedup",
  durability: "none",
  async run(sagas) {
    const services = SERVICES.map((name) => ({ name, seen: new Set<string>(), rows: new Map<string, string>() }));
    const round = await timed(sagas, async () => {
      const queue: { readonly id: string; readonly orderId: string; readonly step: number }[] = [];
      for (let i = 0; i < sagas; i++) queue.push({ id: `b-${i}`, orderId: `o-${i}`, step: 0 });
      for (let head = 0; head < queue.length; head++) {
        const next = queue[head];
        const service = next && services[next.step];
        if (next === undefined || service === undefined || service.seen.has(next.id)) continue;
        service.seen.add(next.id);
        service.rows.set(next.orderId, service.name);
        queue.push({ id: `${next.id}/${service.name}`, orderId: next.orderId, step: next.step + 1 });
      }
    });
    for (const { name, rows } of services) verify(name, rows.size, sagas);
    return round;
  },
};
