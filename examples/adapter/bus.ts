import {
  ACCEPTED,
  type Bus,
  type BusGuarantees,
  checkAttribute,
  connectOnce,
  type Deliver,
  type EventEnvelope,
  type LazyConnection,
  type PublishResult,
  refusal,
  type SubscribeOptions,
  type Subscription,
} from "odori/adapter";
import { BusDatabase, explain } from "./database.ts";
import { Member } from "./member.ts";
import { type SqliteBusOptions, type SqliteBusSettings, settingsOf } from "./options.ts";

/** A bus in one SQLite file, for the services of one machine: durable, without order. */
export class SqliteBus implements Bus {
  readonly guarantees: BusGuarantees = { order: "none", durable: true };
  readonly #settings: SqliteBusSettings;
  readonly #members = new Set<Member>();
  readonly #connection: LazyConnection<BusDatabase>;

  constructor(path: string, options: SqliteBusOptions) {
    this.#settings = settingsOf(options);
    this.#connection = connectOnce({
      place: path,
      open: async () => new BusDatabase(path),
      close: async (database) => {
        for (const member of this.#members) member.abandon();
        await Promise.all([...this.#members].map((member) => member.stopped));
        database.close();
      },
      explain: (error) => explain(error, path),
    });
  }

  publish(events: readonly EventEnvelope[]): Promise<readonly PublishResult[]> {
    return this.#connection.use(async (database) => {
      const results = events.map(({ type }) => checked(type));
      database.publish(events.filter((_, i) => results[i]?.accepted));
      return results;
    });
  }

  subscribe(options: SubscribeOptions, deliver: Deliver): Promise<Subscription> {
    return this.#connection.use(async (database) => {
      database.subscribe(options.group, options.topics);
      const member = new Member(database, this.#settings, options, deliver).start();
      this.#members.add(member);
      return {
        backlog: () => this.#backlog(options),
        close: () => member.close().finally(() => this.#members.delete(member)),
      };
    });
  }

  /** With it, an event that the bus has lost shows as `unheard`. */
  #backlog({ group, topics }: SubscribeOptions): Promise<number> {
    return this.#connection.use(async (database) => database.count(group, topics));
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}

/** An event whose type is not a name is refused; its neighbours are published. */
function checked(type: string): PublishResult {
  try {
    checkAttribute("type", type);
    return ACCEPTED;
  } catch (error) {
    return refusal(error);
  }
}

/**
 * A bus in the SQLite file at `path`, which is created with the first use.
 *
 * @example
 * const app = await start(payment, { store: sqlite("payment.db"), bus: sqliteBus("bus.db") });
 */
export function sqliteBus(path: string, options: SqliteBusOptions = {}): SqliteBus {
  return new SqliteBus(path, options);
}
