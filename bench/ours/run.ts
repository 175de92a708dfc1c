import { type App, type Bus, type EventContract, type Probe, type Store, start } from "odori";
import { type Opening, type Running, SERVICES, type ServiceName } from "../harness/contestant.ts";
import { orderSaga, type WriteRow } from "./saga.ts";

/** What differs between one database and bus and another. */
export interface Setting<Native> {
  store(name: ServiceName): Store<Native>;
  /** Called for each service: in one process they may share a bus, as between processes each has its own. */
  bus(name: ServiceName): Bus;
  setup(tx: Native, name: ServiceName): unknown;
  write: WriteRow<Native>;
  rows(name: ServiceName): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** The four services, running in this process. */
export async function run<Native>({ finished }: Opening, setting: Setting<Native>): Promise<Running> {
  // A saga has finished once its last step is committed, not when the handler has run.
  let handled: string[] = [];
  const saga = orderSaga<Native>(setting.write, setting.setup, (orderId) => handled.push(orderId));
  const probe: Probe = (step) => {
    if (step === "opened") handled = [];
    if (step === "committed") for (const orderId of handled) finished(orderId);
  };
  const part = (name: ServiceName) => ({ store: setting.store(name), bus: setting.bus(name) });
  const orders = await start(saga.orders, part("orders"));
  const apps: App<Native, EventContract>[] = [orders];
  for (const service of saga.others) {
    const name = SERVICES.find((known) => known === service.name) ?? "orders";
    apps.push(await start(service, name === "shipping" ? { ...part(name), probe } : part(name)));
  }
  return {
    begin: (orderId) => orders.begin(orderId, (tx) => saga.begin(orderId, tx)),
    async rows() {
      const [first, second, third, fourth] = await Promise.all(SERVICES.map((name) => setting.rows(name)));
      return { orders: first ?? [], payment: second ?? [], inventory: third ?? [], shipping: fourth ?? [] };
    },
    async close() {
      await Promise.all(apps.map((app) => app.stop()));
      await setting.close();
    },
  };
}
