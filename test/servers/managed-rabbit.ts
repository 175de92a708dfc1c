import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePorts } from "../support/free-ports.ts";
import { find } from "./find.ts";
import { ownServer } from "./own.ts";
import { recipes } from "./recipes.ts";
import type { Server } from "./server.ts";

/** RabbitMQ with its management plugin, whose address has a user. */
export async function managedRabbit(): Promise<{
  readonly server: Server;
  readonly management: string;
}> {
  const recipe = recipes.rabbitmq(find("rabbitmq", false) ?? "");
  const [port = 0] = await freePorts(1);
  const server = await ownServer("rabbitmq", {
    async prepare(place) {
      await recipe.prepare?.(place);
      const { folder } = place;
      writeFileSync(join(folder, "enabled_plugins"), "[rabbitmq_management].");
      const settings = [
        `management.tcp.port = ${port}`,
        "management.tcp.ip = 127.0.0.1",
        "collect_statistics_interval = 1000",
      ];
      appendFileSync(join(folder, "rabbitmq.conf"), `${settings.join("\n")}\n`);
    },
  });
  return { server, management: `http://guest:guest@127.0.0.1:${port}` };
}
