import { type Contestant, SERVICES, type ServiceName } from "../harness/contestant.ts";
import { nextOf } from "./message.ts";

interface Waiting {
  readonly id: string;
  readonly orderId: string;
  readonly service: ServiceName;
}

/** A queue, and for each service a set of the ids it has seen and a map of its rows. */
export const memoryCeiling: Contestant = {
  durability: "none: memory only",
  async open({ finished }) {
    const services = new Map(
      SERVICES.map((name) => [name, { seen: new Set<string>(), rows: new Map<string, string>() }]),
    );
    let queue: Waiting[] = [];
    let draining: Promise<void> | undefined;
    const drain = async () => {
      await Promise.resolve();
      for (let head = 0; head < queue.length; head++) {
        const { id, orderId, service } = queue[head] ?? { id: "", orderId: "", service: "orders" };
        const own = services.get(service);
        if (own === undefined || own.seen.has(id)) continue;
        own.seen.add(id);
        own.rows.set(orderId, service);
        const next = nextOf(service);
        if (next === undefined) finished(orderId);
        else queue.push({ id: `${id}/${service}`, orderId, service: next });
      }
      queue = [];
      draining = undefined;
    };
    const rowsOf = (name: ServiceName) => [...(services.get(name)?.rows.keys() ?? [])];
    return {
      begin(orderId) {
        queue.push({ id: orderId, orderId, service: "orders" });
        draining ??= drain();
        return draining;
      },
      rows: async () => ({
        orders: rowsOf("orders"),
        payment: rowsOf("payment"),
        inventory: rowsOf("inventory"),
        shipping: rowsOf("shipping"),
      }),
      close: async () => {},
    };
  },
};
