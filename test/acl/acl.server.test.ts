import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bus } from "odori";
import { checkAccepted } from "odori/adapter";
import { manifestOf } from "odori/manifest";
import { nats } from "odori/nats";
import { rabbitmq } from "odori/rabbitmq";
import { describe, expect, it } from "vitest";
import choreography from "../../examples/order/choreography.ts";
import { orderPlaced } from "../../examples/order/contracts.ts";
import { inboxOf, natsConfig } from "../../src/acl/nats.ts";
import { partsOf } from "../../src/acl/part.ts";
import { rabbitArguments } from "../../src/acl/rabbitmq.ts";
import type { ServicePart } from "../../src/adapter/provision.ts";
import { find } from "../servers/find.ts";
import { recipes } from "../servers/recipes.ts";
import { Server } from "../servers/server.ts";
import { titleOf, urlOf } from "../servers/shared.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping } from "../support/scope.ts";
import { envelope } from "../support/stage.ts";

const parts = partsOf(manifestOf(choreography));
const types = [...new Set(parts.flatMap(({ emits, hears }) => [...emits, ...hears]))];
const event = (type: string, saga: string) => envelope(orderPlaced, saga, {}, { type });

/** Each service may do its own part, and every other type is refused, to publish and to hear. */
async function everyPart(connect: (service: string) => Bus): Promise<void> {
  await using scope = new AsyncDisposableStack();
  const buses = new Map(
    parts.map(({ service }) => [service, scope.use(closing(connect(service)))]),
  );
  const busOf = (service: string) => buses.get(service) ?? connect(service);
  const heard = new Map<string, Set<string>>();
  for (const { service, hears } of parts) {
    const own = new Set<string>();
    heard.set(service, own);
    await busOf(service).subscribe(
      { group: service, topics: hears, inFlightMax: 10 },
      async (incoming) => {
        if (!("malformed" in incoming)) own.add(incoming.type);
      },
    );
  }
  for (const { service, emits } of parts)
    checkAccepted(await busOf(service).publish(emits.map((type) => event(type, service))));
  for (const { service, hears } of parts)
    await eventually(`${service} hears its part`, () => heard.get(service)?.size, hears.length);
  for (const part of parts) {
    for (const type of foreign(part, "emits")) {
      await expect(
        busOf(part.service)
          .publish([event(type, "thief")])
          .then(checkAccepted),
        `${part.service} publishes ${type}`,
      ).rejects.toMatchObject({
        code: "BUS_FORBIDDEN",
      });
    }
    for (const type of foreign(part, "hears")) {
      const listening = busOf(part.service).subscribe(
        { group: part.service, topics: [type], inFlightMax: 1 },
        async () => {},
      );
      await expect(listening, `${part.service} hears ${type}`).rejects.toMatchObject({
        code: "BUS_FORBIDDEN",
      });
    }
  }
  // A refusal leaves the connection as it was.
  for (const { service, emits } of parts)
    checkAccepted(
      await busOf(service).publish(emits.map((type) => event(type, `${service} again`))),
    );
}

function foreign(part: ServicePart, role: "emits" | "hears"): readonly string[] {
  return types.filter((type) => !part[role].includes(type));
}

/** Each command of the broker starts an Erlang machine, which takes seconds beside other work. */
const COMMANDS_MS = 180_000;

describe("permissions of each service", () => {
  it.skipIf(urlOf("nats") === undefined)(titleOf("nats", "on NATS"), async () => {
    const names = { stream: "ODORI", prefix: "odori" };
    const passwords = Object.fromEntries(
      parts.map(({ service }) => [`ODORI_${service.toUpperCase()}_PASSWORD`, `${service}-secret`]),
    );
    const recipe = recipes.nats(find("nats", false) ?? "");
    const config = natsConfig(parts, names).replace(
      "  users: [",
      '  users: [\n    { user: operator, password: "operator-secret" }',
    );
    await using server = stopping(
      await Server.start({
        ...recipe,
        prepare: async ({ folder }) => writeFileSync(join(folder, "nats.conf"), config),
        command: (place) => ({ ...recipe.command(place), env: passwords }),
      }),
    );
    const as = (user: string) =>
      nats({
        servers: server.url,
        connection: {
          user,
          pass: `${user}-secret`,
          inboxPrefix: user === "operator" ? "_INBOX" : inboxOf(user),
        },
      });
    await using operator = closing(as("operator"));
    checkAccepted(await operator.publish([event("order.placed.v1", "first")]));
    await everyPart(as);
    await using stranger = closing(
      nats({ servers: server.url, connection: { user: "payment", pass: "wrong" } }),
    );
    await expect(
      stranger.publish([event("payment.refunded.v1", "s")]).then(checkAccepted),
    ).rejects.toMatchObject({
      code: "LOGIN_REFUSED",
      message: expect.not.stringContaining("wrong"),
    });
  });

  it.skipIf(urlOf("rabbitmq") === undefined)(
    titleOf("rabbitmq", "on RabbitMQ"),
    { timeout: COMMANDS_MS },
    async () => {
      const names = { exchange: "odori", vhost: "/" };
      await using server = stopping(
        await Server.start(recipes.rabbitmq(find("rabbitmq", false) ?? "")),
      );
      const as = (user: string, password = `${user}-secret`) => {
        const url = new URL(server.url);
        Object.assign(url, { username: user, password });
        return rabbitmq({ url: url.href, unheard: ["order.cancelled.v1"] });
      };
      await using operator = closing(as("guest", "guest"));
      checkAccepted(await operator.publish([event("order.cancelled.v1", "first")]));
      for (const part of parts) {
        await server.control(["add_user", part.service, `${part.service}-secret`]);
        for (const words of rabbitArguments(part, names)) await server.control(words);
      }
      await everyPart(as);
      await using stranger = closing(as("payment", "wrong"));
      await expect(
        stranger.publish([event("payment.refunded.v1", "s")]).then(checkAccepted),
      ).rejects.toMatchObject({
        code: "LOGIN_REFUSED",
      });
    },
  );
});
