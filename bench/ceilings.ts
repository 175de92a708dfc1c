import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { verifyFile } from "./odori.ts";
import { type Contestant, SERVICES, timed, verify } from "./workload.ts";

/** What a hand-made saga costs that does the least: no contract, no fence, no retry, no trace; inbox, one row and outbox with prepared statements. */
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
      const next = { id: `${message.id}/${service}`, type, orderId: message.orderId };
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

interface Message {
  readonly id: string;
  readonly type: string;
  readonly orderId: string;
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
            let messages: readonly Message[] = Array.from({ length: size }, (_, i) => ({
              id: `b-${from + i}`,
              type: "begin",
              orderId: `o-${from + i}`,
            }));
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
      const queue: { readonly message: Message; readonly step: number }[] = [];
      for (let i = 0; i < sagas; i++) queue.push({ message: { id: `b-${i}`, type: "begin", orderId: `o-${i}` }, step: 0 });
      for (let head = 0; head < queue.length; head++) {
        const next = queue[head];
        const service = next && services[next.step];
        if (next === undefined || service === undefined || service.seen.has(next.message.id)) continue;
        service.seen.add(next.message.id);
        service.rows.set(next.message.orderId, service.name);
        const message = { id: `${next.message.id}/${service.name}`, type: `${service.name}.happened.v1`, orderId: next.message.orderId };
        queue.push({ message, step: next.step + 1 });
      }
    });
    for (const { name, rows } of services) verify(name, rows.size, sagas);
    return round;
  },
};
