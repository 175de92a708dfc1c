import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import type { BusFactory, FaultyBus } from "odori/conformance";
import { nats } from "odori/nats";
import { ownServer, silenced, withServer } from "./own.ts";

let streams = 0;

/** The bus past a proxy on that port. */
const past = (port: number) => nats({ servers: `nats://127.0.0.1:${port}` });

/** What can happen to a NATS server, by name. */
export function natsFaults(url: () => string): NonNullable<BusFactory["faults"]> {
  const deletion =
    (remove: (own: NatsConnection, name: string) => Promise<unknown>) => async () => {
      const name = `F${process.pid}-${streams++}`;
      const bus = nats({ servers: url(), stream: name, prefix: name });
      const own = await connect({ servers: url() });
      return {
        bus,
        inflict: async () => void (await remove(own, name)),
        async close() {
          await bus.close();
          await (await jetstreamManager(own)).streams.delete(name);
          await own.close();
        },
      };
    };
  return {
    "the stream is deleted": deletion(async (own, name) =>
      (await jetstreamManager(own)).streams.delete(name),
    ),
    "the consumer is deleted": deletion(async (own, name) =>
      (await jetstreamManager(own)).consumers.delete(name, "a--order-placed-v1"),
    ),
    "the server comes back empty": emptied,
    "the password is changed, and changed back": passwordChanged,
    "the connection is a black hole": () => silenced("nats", past, "all"),
    "a reply never comes": () => silenced("nats", past, "replies"),
  };
}

async function emptied(): Promise<FaultyBus> {
  const server = await ownServer("nats");
  const bus = nats({ servers: server.url });
  return withServer(server, {
    bus,
    async inflict() {
      await server.kill();
      rmSync(join(server.place.folder, "jetstream"), { recursive: true });
      await server.up();
    },
  });
}

async function passwordChanged(): Promise<FaultyBus> {
  const write = (folder: string, password: string) =>
    writeFileSync(
      join(folder, "nats.conf"),
      `authorization { users: [ { user: order, password: "${password}" } ] }\n`,
    );
  const server = await ownServer("nats", { prepare: async ({ folder }) => write(folder, "right") });
  const change = async (password: string) => {
    write(server.place.folder, password);
    await server.kill();
    await server.up();
  };
  const bus = nats({ servers: server.url, connection: { user: "order", pass: "right" } });
  return withServer(server, {
    bus,
    inflict: () => change("other"),
    repair: () => change("right"),
  });
}
