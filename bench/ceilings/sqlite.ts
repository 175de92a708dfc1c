import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Contestant, SERVICES, type ServiceName } from "../harness/contestant.ts";
import { type Message, messageOf, nextOf } from "./message.ts";

/**
 * One service's file: inbox, one row and outbox with prepared statements, in batches that its
 * caller puts together.
 */
class Step {
  readonly #database: DatabaseSync;
  readonly #inbox;
  readonly #work;
  readonly #outbox;
  readonly #confirm;
  readonly #name: ServiceName;
  #published: number[] = [];

  constructor(path: string, name: ServiceName) {
    const database = new DatabaseSync(path);
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
      CREATE TABLE inbox (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
      CREATE TABLE work (
        id INTEGER PRIMARY KEY, order_id TEXT NOT NULL, service TEXT NOT NULL) STRICT;
      CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL) STRICT;`);
    this.#database = database;
    this.#name = name;
    this.#inbox = database.prepare("INSERT INTO inbox (id) VALUES (?) ON CONFLICT DO NOTHING");
    this.#work = database.prepare("INSERT INTO work (order_id, service) VALUES (?, ?)");
    this.#outbox = database.prepare("INSERT INTO outbox (event) VALUES (?)");
    this.#confirm = database.prepare("DELETE FROM outbox WHERE id = ?");
  }

  handle(heard: readonly Message[]): readonly Message[] {
    const emitted: Message[] = [];
    const rows: number[] = [];
    this.#database.exec("BEGIN IMMEDIATE");
    for (const row of this.#published) this.#confirm.run(row);
    for (const { id, data } of heard) {
      if (this.#inbox.run(id).changes === 0) continue;
      this.#work.run(data.orderId, this.#name);
      const next = messageOf(this.#name, data.orderId, id);
      rows.push(Number(this.#outbox.run(JSON.stringify(next)).lastInsertRowid));
      emitted.push(next);
    }
    this.#database.exec("COMMIT");
    this.#published = rows;
    return emitted;
  }

  rows(): readonly string[] {
    const rows = this.#database.prepare("SELECT order_id FROM work").all();
    return rows.map((row) => String(row.order_id));
  }

  close(): void {
    this.#database.close();
  }
}

export function sqliteCeiling(batch: number): Contestant {
  return {
    durability: "SQLite, WAL, synchronous=FULL",
    async open({ folder, finished }) {
      const steps = new Map(
        SERVICES.map((name) => [name, new Step(join(folder, `${name}.db`), name)]),
      );
      let queue: string[] = [];
      let draining: Promise<void> | undefined;
      const drain = async () => {
        await Promise.resolve();
        while (queue.length > 0) {
          const taken = queue.slice(0, batch);
          queue = queue.slice(taken.length);
          let heard: readonly Message[] = taken.map((orderId) => messageOf("orders", orderId));
          for (
            let name: ServiceName | undefined = "orders";
            name !== undefined;
            name = nextOf(name)
          ) {
            heard = steps.get(name)?.handle(heard) ?? [];
          }
          for (const { data } of heard) finished(data.orderId);
          // The callers that wait for one of these sagas go on now.
          await new Promise(setImmediate);
        }
        draining = undefined;
      };
      const rowsOf = (name: ServiceName) => steps.get(name)?.rows() ?? [];
      return {
        begin(orderId) {
          queue.push(orderId);
          draining ??= drain();
          return draining;
        },
        rows: async () => ({
          orders: rowsOf("orders"),
          payment: rowsOf("payment"),
          inventory: rowsOf("inventory"),
          shipping: rowsOf("shipping"),
        }),
        async close() {
          for (const step of steps.values()) step.close();
        },
      };
    },
  };
}
