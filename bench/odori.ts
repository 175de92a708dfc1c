import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Service, type Store, start } from "odori";
import { type MemoryTable, type MemoryTx, memoryBus, memoryStore, memoryTable } from "odori/memory";
import { type Sql, sqlite } from "odori/sqlite";
import { type Contestant, orderSaga, type Round, SERVICES, type ServiceName, timed, verify, type WriteRow } from "./workload.ts";

/** Sagas begun and not finished at any time: enough to fill batches, as a busy system does. */
const IN_FLIGHT = 2_000;

async function runSagas<Native>(
  sagas: number,
  write: WriteRow<Native>,
  setup: (tx: Native) => void,
  storeOf: (name: ServiceName) => Store<Native>,
): Promise<Round> {
  let finished = 0;
  let wake = () => {};
  const saga = orderSaga(write, setup, () => {
    finished++;
    wake();
  });
  const bus = memoryBus([...SERVICES]);
  const begin = await start(saga.order, { store: storeOf("orders"), bus });
  const others: Service<Native>[] = [saga.payment, saga.inventory, saga.shipping];
  const apps = [begin, ...(await Promise.all(others.map((service) => start(service, { store: storeOf(toName(service.name)), bus }))))];
  const round = await timed(sagas, async () => {
    const begun: Promise<unknown>[] = [];
    for (let i = 0; i < sagas; i++) {
      while (i - finished >= IN_FLIGHT) await new Promise<void>((resolve) => (wake = resolve));
      const orderId = `o-${i}`;
      begun.push(
        begin.begin(orderId, (tx) => {
          write(tx, "orders", orderId);
          return saga.placed({ orderId, amount: i });
        }),
      );
    }
    await Promise.all(begun);
    while (finished < sagas) await new Promise<void>((resolve) => (wake = resolve));
    await Promise.all(apps.map((app) => app.stop()));
  });
  return round;
}

function toName(name: string): ServiceName {
  const known = SERVICES.find((service) => service === name);
  if (known === undefined) throw new Error(`no service ${name}`);
  return known;
}

export const odoriSqlite: Contestant = {
  name: "odori, SQLite",
  durability: "WAL, synchronous=FULL",
  async run(sagas) {
    const folder = mkdtempSync(join(tmpdir(), "odori-bench-"));
    try {
      const insert: WriteRow<Sql> = (tx, service, orderId) =>
        tx.run("INSERT INTO work (order_id, service) VALUES (?, ?)", orderId, service);
      const setup = (tx: Sql) =>
        tx.exec("CREATE TABLE IF NOT EXISTS work (id INTEGER PRIMARY KEY, order_id TEXT NOT NULL, service TEXT NOT NULL)");
      const round = await runSagas(sagas, insert, setup, (name) => sqlite(join(folder, `${name}.db`)));
      for (const name of SERVICES) verifyFile(join(folder, `${name}.db`), sagas);
      return round;
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

export const odoriMemory: Contestant = {
  name: "odori, memory",
  durability: "none",
  async run(sagas) {
    const tables = new Map<ServiceName, MemoryTable<string>>(SERVICES.map((name) => [name, memoryTable<string>()]));
    const insert: WriteRow<MemoryTx> = (tx, service, orderId) => {
      const table = tables.get(service);
      if (table !== undefined) tx.in(table).set(orderId, service);
    };
    const round = await runSagas(
      sagas,
      insert,
      () => {},
      () => memoryStore(),
    );
    for (const [name, table] of tables) verify(name, table.rows.size, sagas);
    return round;
  },
};

export function verifyFile(path: string, sagas: number): void {
  const database = new DatabaseSync(path);
  const row = database.prepare("SELECT count(*) AS rows, count(DISTINCT order_id) AS orders FROM work").get();
  database.close();
  verify(path, Number(row?.rows), sagas);
  verify(path, Number(row?.orders), sagas);
}
