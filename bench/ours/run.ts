import {
  type App,
  type Bus,
  type CrashPoint,
  type DetachedTransaction,
  type EventContract,
  type HandlerScope,
  type Store,
  type StoreTransaction,
  start,
} from "odori";
import {
  type Finished,
  type Opening,
  type Running,
  SERVICES,
  type ServiceName,
} from "../harness/contestant.ts";
import type { Sales } from "../harness/stock.ts";
import { orderSaga, type WriteRow } from "./saga.ts";

/** The parts that depend on the database and the bus. */
export interface Setting<Native> {
  store(name: ServiceName): Store<Native>;
  /**
   * Called for each service: in one process they may share a bus, as between processes each has its
   * own.
   */
  bus(name: ServiceName): Bus;
  setup(tx: Native, name: ServiceName): unknown;
  write: WriteRow<Native>;
  rows(name: ServiceName): Promise<readonly string[]>;
  /** What the contended workload has sold. */
  sales?(): Promise<Sales>;
  close(): Promise<void>;
}

/**
 * A saga has finished once its last step is committed, not when the handler has run. Handlers note
 * the sagas of a transaction, and the notes are passed on after its commit.
 */
class Commits<Native extends object> {
  readonly #handled = new WeakMap<Native, string[]>();
  readonly #finished: Finished;

  constructor(finished: Finished) {
    this.#finished = finished;
  }

  handled(tx: Native, orderId: string): void {
    this.#handled.get(tx)?.push(orderId);
  }

  /** Each handler has a transaction object of its own, whose notes belong to the commit. */
  #noting(tx: StoreTransaction<Native>, handled: string[]): StoreTransaction<Native> {
    const noted = (scope: HandlerScope<Native>): HandlerScope<Native> => {
      this.#handled.set(scope.native, handled);
      const detach = scope.detach.bind(scope);
      scope.detach = () => this.#watchDetached(detach());
      return scope;
    };
    const scope = tx.scope.bind(tx);
    tx.scope = () => noted(scope());
    const together = tx.together?.bind(tx);
    if (together === undefined) return tx;
    tx.together = () => {
      const several = together();
      const one = several.scope.bind(several);
      several.scope = () => noted(one());
      return several;
    };
    return tx;
  }

  #watchDetached(detached: DetachedTransaction<Native>): DetachedTransaction<Native> {
    const handled: string[] = [];
    this.#handled.set(detached.native, handled);
    const complete = detached.complete.bind(detached);
    detached.complete = async (work) => {
      const result = await complete(work);
      for (const orderId of handled) this.#finished(orderId);
      return result;
    };
    return detached;
  }

  watch(store: Store<Native>): Store<Native> {
    return {
      durable: store.durable,
      lanes: store.lanes,
      inspect: store.inspect,
      declarations: store.declarations,
      census: (kind) => store.census(kind),
      open: (session) => store.open(session),
      join: (native) => store.join(native),
      beat: () => store.beat(),
      claim: (limit, options) => store.claim(limit, options),
      purge: (olderThanMs, limit) => store.purge(olderThanMs, limit),
      close: () => store.close(),
      transaction: async (work) => {
        const handled: string[] = [];
        const result = await store.transaction((tx) => {
          this.#handled.set(tx.native, handled);
          return work(this.#noting(tx, handled));
        });
        for (const orderId of handled) this.#finished(orderId);
        return result;
      },
      detached: () => this.#watchDetached(store.detached()),
    };
  }
}

/** The four services, running in this process. */
export async function run<Native extends object>(
  { finished, passed }: Opening,
  setting: Setting<Native>,
): Promise<Running> {
  const commits = new Commits<Native>(finished);
  const sales = setting.sales?.bind(setting);
  const saga = orderSaga<Native>(setting.write, setting.setup, (tx, orderId) =>
    commits.handled(tx, orderId),
  );
  const part = (name: ServiceName) => ({
    store: setting.store(name),
    bus: setting.bus(name),
    ...(passed === undefined ? {} : { probe: (point: CrashPoint) => passed(name, point) }),
  });
  const orders = await start(saga.orders, part("orders"));
  const apps: App<Native, EventContract>[] = [orders];
  for (const service of saga.others) {
    const name = SERVICES.find((known) => known === service.name) ?? "orders";
    apps.push(
      await start(
        service,
        name === "shipping"
          ? { ...part(name), store: commits.watch(setting.store(name)) }
          : part(name),
      ),
    );
  }
  return {
    begin: (orderId) => orders.begin(orderId, (tx) => saga.begin(orderId, tx)),
    async rows() {
      const [first, second, third, fourth] = await Promise.all(
        SERVICES.map((name) => setting.rows(name)),
      );
      return {
        orders: first ?? [],
        payment: second ?? [],
        inventory: third ?? [],
        shipping: fourth ?? [],
      };
    },
    ...(sales === undefined ? {} : { sales }),
    async close() {
      await Promise.all(apps.map((app) => app.stop()));
      await setting.close();
    },
  };
}
