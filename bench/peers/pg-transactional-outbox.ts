import { randomUUID } from "node:crypto";
import pg from "pg";
import {
  DatabaseSetup,
  getDisabledLogger,
  initializeMessageStorage,
  initializePollingMessageListener,
  type PollingListenerConfig,
} from "pg-transactional-outbox";
import { type Contestant, SERVICES, type ServiceName } from "../harness/contestant.ts";
import {
  CONNECTIONS,
  createRows,
  inTransaction,
  nextOf,
  rowsOf,
  type Sql,
  soldOf,
  writeRow,
} from "./rows.ts";

/** Messages of a service that are fetched and handled at once. */
const AT_ONCE = CONNECTIONS;

/**
 * After https://github.com/Zehelein/pg-transactional-outbox#readme: its polling listener, with
 * messages that may be handled in parallel, polled as often as its tests do. Logical replication,
 * its other listener, handles one message after the other and needs a server with another
 * `wal_level`. It has no call that stores many messages.
 *
 * The services share a database here, so a message goes straight into the inbox of the next one,
 * in the transaction of the step: one table for each hop, where the pattern has an outbox too.
 */
export const contestant: Contestant = {
  durability:
    "pg-transactional-outbox 0.5: Postgres, fsync=on; row, next message and the mark that this " +
    "one is processed in one commit, after a fetch and the mark that it is started",
  async open({ servers, finished, stock }) {
    const pool = await createRows(servers.postgres, stock);
    const logger = {
      ...getDisabledLogger(),
      // A round in which something fails would not count anyway.
      error(error: unknown) {
        process.stderr.write(`${error}\n`);
        process.exit(1);
      },
    };
    const heard = SERVICES.slice(1);
    for (const name of heard) {
      const setup = {
        outboxOrInbox: "inbox" as const,
        database: "",
        schema: name,
        table: "inbox",
        listenerRole: "",
        nextMessagesName: "next_inbox",
      };
      await pool.query(DatabaseSetup.dropAndCreateTable(setup));
      await pool.query(DatabaseSetup.createPollingFunction(setup));
      await pool.query(DatabaseSetup.setupPollingIndexes(setup));
    }
    const configs = new Map<ServiceName, PollingListenerConfig>(
      heard.map((name) => [
        name,
        {
          outboxOrInbox: "inbox",
          dbListenerConfig: { connectionString: servers.postgres, max: 2 },
          settings: {
            dbSchema: name,
            dbTable: "inbox",
            nextMessagesFunctionSchema: name,
            nextMessagesFunctionName: "next_inbox",
            nextMessagesBatchSize: AT_ONCE,
            nextMessagesPollingIntervalInMs: 5,
            // A fetch may lock a message that is about to be handled, which then waits this long.
            nextMessagesLockInMs: 1_000,
            maxAttempts: 100,
            enableMaxAttemptsProtection: true,
            enablePoisonousMessageProtection: true,
          },
        },
      ]),
    );
    const stores = new Map(
      [...configs].map(([name, config]) => [name, initializeMessageStorage(config, logger)]),
    );
    const handlers = new pg.Pool({ connectionString: servers.postgres, max: CONNECTIONS });
    const last = new WeakMap<object, string>();
    // The listener commits once the handler has returned, and then gives back the connection.
    handlers.on("release", (_error, client) => {
      const orderId = last.get(client);
      last.delete(client);
      if (orderId !== undefined) finished(orderId);
    });
    const step = async (client: Sql & pg.ClientBase, name: ServiceName, orderId: string) => {
      await writeRow(client, name, orderId, stock);
      const next = nextOf(name);
      if (next === undefined) return;
      const message = {
        id: randomUUID(),
        aggregateType: "order",
        aggregateId: orderId,
        messageType: name,
        concurrency: "parallel" as const,
        payload: { orderId },
      };
      await stores.get(next)?.(message, client);
    };
    const stops = [...configs].map(([name, config]) => {
      const [stop] = initializePollingMessageListener(
        config,
        {
          async handle({ aggregateId }, client) {
            await step(client as pg.PoolClient, name, aggregateId);
            if (name === "shipping") last.set(client, aggregateId);
          },
        },
        logger,
        {
          messageProcessingDbClientStrategy: {
            getClient: () => handlers.connect(),
            shutdown: async () => {},
          },
        },
      );
      return stop;
    });
    return {
      begin: (orderId) => inTransaction(pool, (client) => step(client, "orders", orderId)),
      rows: () => rowsOf(pool),
      sales: () => soldOf(pool),
      async close() {
        await Promise.all(stops.map((stop) => stop()));
        await handlers.end();
        await pool.end();
      },
    };
  },
};
