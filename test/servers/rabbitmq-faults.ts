import type { BusFactory, FaultyBus } from "odori/conformance";
import { rabbitmq } from "odori/rabbitmq";
import { Connection } from "rabbitmq-client";
import { ownServer, silenced, withServer } from "./own.ts";
import type { Server } from "./server.ts";

let exchanges = 0;

/** The bus past a proxy on that port. */
const past = (port: number) =>
  rabbitmq({ url: `amqp://guest:guest@127.0.0.1:${port}`, settleMs: 0 });

/** What can happen to a RabbitMQ broker, by name. */
export function rabbitFaults(url: () => string): NonNullable<BusFactory["faults"]> {
  const deletion =
    (remove: (own: Connection, exchange: string) => Promise<unknown>) => async () => {
      const exchange = `f${process.pid}-${exchanges++}`;
      const bus = rabbitmq({ url: url(), exchange, settleMs: 0 });
      const own = new Connection(url());
      await own.onConnect();
      return {
        bus,
        inflict: async () => void (await remove(own, exchange)),
        async close() {
          await bus.close();
          for (const queue of [`${exchange}.a:order.placed.v1`, `${exchange}.dead`])
            await own.queueDelete(queue);
          for (const name of [exchange, `${exchange}.dead`])
            await own.exchangeDelete({ exchange: name });
          await own.close();
        },
      };
    };
  return {
    "the exchange is deleted": deletion((own, exchange) => own.exchangeDelete({ exchange })),
    "the queue is deleted": deletion((own, exchange) =>
      own.queueDelete(`${exchange}.a:order.placed.v1`),
    ),
    "the broker comes back empty": emptied,
    "the password is changed, and changed back": passwordChanged,
    "the connections are black holes": () => silenced("rabbitmq", past, "all"),
    "a reply never comes": () => silenced("rabbitmq", past, "replies"),
  };
}

/** `port`: of a proxy in front of the server. */
function urlAs(server: Server, user: string, port = server.place.port): string {
  return `amqp://${user}@127.0.0.1:${port}`;
}

async function emptied(): Promise<FaultyBus> {
  const server = await ownServer("rabbitmq");
  const bus = rabbitmq({ url: server.url, settleMs: 0 });
  return withServer(server, {
    bus,
    async inflict() {
      for (const command of ["stop_app", "reset", "start_app"]) await server.control([command]);
    },
  });
}

async function passwordChanged(): Promise<FaultyBus> {
  const server = await ownServer("rabbitmq");
  await server.control(["add_user", "order", "right"]);
  await server.control(["set_permissions", "order", ".*", ".*", ".*"]);
  const bus = rabbitmq({ url: urlAs(server, "order:right"), settleMs: 0 });
  return withServer(server, {
    bus,
    async inflict() {
      await server.control(["change_password", "order", "other"]);
      await server.control(["close_all_connections", "the password has changed"]);
    },
    repair: () => server.control(["change_password", "order", "right"]),
  });
}
