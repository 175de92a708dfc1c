import type { Incoming } from "odori";
import { checkAccepted, type PublishResult } from "odori/adapter";
import { type Diagnosis, diagnose, rabbitmq } from "odori/rabbitmq";
import { Connection, type Envelope } from "rabbitmq-client";
import { describe, expect, it } from "vitest";
import { managedRabbit } from "../servers/managed-rabbit.ts";
import { ownServer } from "../servers/own.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { odori } from "../support/command.ts";
import { placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping } from "../support/scope.ts";
import { envelope } from "../support/stage.ts";

const hear = (group: string) => ({ group, topics: [placed.type], inFlightMax: 10 });
const event = (id: string) => envelope(placed, id, { orderId: id }, { id });
let exchanges = 0;
const newExchange = () => `r${process.pid}-${exchanges++}`;

async function cleared(exchange: string, groups: readonly string[]): Promise<void> {
  const own = new Connection(serverUrl("rabbitmq"));
  for (const group of groups) await own.queueDelete(`${exchange}.${group}:${placed.type}`);
  await own.queueDelete(`${exchange}.dead`);
  for (const name of [exchange, `${exchange}.dead`]) await own.exchangeDelete({ exchange: name });
  await own.close();
}

describe.skipIf(urlOf("rabbitmq") === undefined)(titleOf("rabbitmq", "RabbitMQ"), () => {
  it("rabbit-sem: a memory alarm: publish says so in time, and what waits is heard", async () => {
    await using server = stopping(await ownServer("rabbitmq"));
    await using bus = closing(rabbitmq({ url: server.url, settleMs: 0 }));
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const seen = new Set<string>();
    await bus.subscribe(hear("a"), async (incoming) => {
      await opened;
      if (!("malformed" in incoming)) seen.add(incoming.id);
    });
    const ids = Array.from({ length: 100 }, (_, i) => `${i}`);
    checkAccepted(await bus.publish(ids.map(event)));
    await server.control(["set_vm_memory_high_watermark", "absolute", "1"]);
    const blocked = { code: "BUS_UNAVAILABLE", message: expect.stringContaining("memory") };
    await eventually(
      "publishing is blocked",
      async () => {
        const results = bus.publish([event("blocked")]);
        return results.then(
          () => false,
          (error: unknown) => expect(error).toMatchObject(blocked),
        );
      },
      () => true,
    );
    // Acknowledgements are on another connection: more than the ten that were prefetched come.
    open();
    await eventually("what waits is heard", () => ids.every((id) => seen.has(id)));
    await expect(bus.publish([event("still")])).rejects.toMatchObject(blocked);
    await server.control(["set_vm_memory_high_watermark", "0.4"]);
    await eventually("it accepts again", async () => {
      checkAccepted(await bus.publish([event("after")]));
      return true;
    });
  });

  it("rabbit-sem: a service that was never started gets what it hears: heardBy", async () => {
    const exchange = newExchange();
    const heardBy = { [placed.type]: ["first", "second"] };
    await using bus = closing(
      rabbitmq({ url: serverUrl("rabbitmq"), exchange, heardBy, settleMs: 0 }),
    );
    await bus.subscribe(hear("first"), async () => {});
    checkAccepted(await bus.publish([event("early")]));
    const seen: string[] = [];
    await bus.subscribe(hear("second"), async (incoming) => {
      if (!("malformed" in incoming)) seen.push(incoming.id);
    });
    await eventually("the second one hears it", () => seen.includes("early"));
    await bus.close();
    await cleared(exchange, ["first", "second"]);
  });

  it("a broker that is killed with a queue just created loses no confirmed event", async () => {
    await using server = stopping(await ownServer("rabbitmq"));
    const heardBy = { [placed.type]: ["a"] };
    await using bus = closing(rabbitmq({ url: server.url, heardBy }));
    const ids = ["1", "2", "3"];
    // All at once: only the first one finds that the queue does not exist.
    for (const results of await Promise.all(ids.map((id) => bus.publish([event(id)]))))
      checkAccepted(results);
    await server.kill();
    await server.up();
    await using next = closing(rabbitmq({ url: server.url }));
    const seen: string[] = [];
    await next.subscribe(hear("a"), async (incoming) => {
      if (!("malformed" in incoming)) seen.push(incoming.id);
    });
    await eventually("all are heard", () => ids.every((id) => seen.includes(id)));
  });

  it("a queue without a leader is named, and the command that gives it one helps", async () => {
    const { server, management } = await managedRabbit();
    await using _server = stopping(server);
    await using first = closing(rabbitmq({ url: server.url, settleMs: 0 }));
    await (await first.subscribe(hear("a"), async () => {})).close();
    await first.close();
    const queue = `odori.a:${placed.type}`;
    const member = `list_to_atom("%2F_${queue}")`;
    // What a kill in the first half second does: the broker forgets where the queue's log is.
    const forget = `[begin dets:delete(T, ${member}), dets:sync(T) end || T <- dets:all()].`;
    await server.control(["eval", forget]);
    await server.kill();
    await server.up();
    await using bus = closing(rabbitmq({ url: server.url, settleMs: 0 }));
    const elect = `ra:trigger_election({${member}, node()}).`;
    await expect(bus.subscribe(hear("a"), async () => {})).rejects.toMatchObject({
      code: "QUEUE_LEADERLESS",
      message: expect.stringContaining(`The queue ${queue} exists`),
      hint: expect.stringContaining(`rabbitmqctl eval '${elect}'`),
    });
    const leaders = async () =>
      (await diagnose({ url: server.url }, { management })).find(
        ({ check }) => check === "leaders",
      );
    expect(await leaders()).toEqual({
      level: "warning",
      check: "leaders",
      message: expect.stringContaining(elect),
    });
    await server.control(["eval", elect]);
    const seen: string[] = [];
    await bus.subscribe(hear("a"), async (incoming) => {
      if (!("malformed" in incoming)) seen.push(incoming.id);
    });
    checkAccepted(await bus.publish([event("1")]));
    await eventually("it is heard", () => seen.includes("1"));
    await eventually("it has a leader", async () => (await leaders())?.level, "ok");
  });

  it("what a foreign producer sends is read as it was sent", async () => {
    const exchange = newExchange();
    const url = serverUrl("rabbitmq");
    await using bus = closing(rabbitmq({ url, exchange, settleMs: 0 }));
    const seen: Incoming[] = [];
    await bus.subscribe(hear("a"), async (incoming) => void seen.push(incoming));
    await using own = closing(new Connection(url));
    await using producer = closing(own.createPublisher({ confirm: true }));
    const head = (id: string) => {
      const attributes = { specversion: "1.0", id, type: placed.type, source: "/o", sagaid: "s" };
      return Object.entries(attributes).map(([name, value]) => [`cloudEvents_${name}`, value]);
    };
    const send = (body: string | Buffer, more: Partial<Envelope>) => {
      const envelope = { exchange, routingKey: placed.type, contentType: "application/json" };
      return producer.send({ ...envelope, ...more }, Buffer.from(body));
    };
    const bodies = [
      '"text"',
      '{"price":1.50}',
      "9007199254740993",
      Buffer.from([0x22, 0xff, 0x22]),
    ];
    for (const [i, body] of bodies.entries())
      await send(body, { headers: Object.fromEntries(head(`${i}`)) });
    // Only a property, or a header that is not a text, tells these apart.
    for (const messageId of ["1", "2"]) await send("hello", { messageId });
    for (const place of [1, 2]) await send("hello", { headers: { place } });
    await eventually("all are heard", () => seen.length, bodies.length + 4);
    const read = seen.map((one) => ("malformed" in one ? one.error.code : one.data));
    const unreadable = "MESSAGE_MALFORMED";
    const expected = ["text", { price: 1.5 }, "NUMBER_INEXACT", unreadable];
    expect(read.slice(0, 4)).toEqual(expected);
    const ids = seen.slice(4).map((one) => one.id);
    expect(new Set(ids).size).toBe(4);
    await bus.close();
    await cleared(exchange, ["a"]);
  });

  it("rabbit-sem: an exchange that is gone is named, and comes back", async () => {
    const exchange = newExchange();
    const url = serverUrl("rabbitmq");
    await using bus = closing(rabbitmq({ url, exchange, unheard: [placed.type], settleMs: 0 }));
    checkAccepted(await bus.publish([event("1")]));
    await using own = closing(new Connection(url));
    await own.exchangeDelete({ exchange });
    const error: unknown = await bus.publish([event("2")]).catch((one: unknown) => one);
    expect(error).toMatchObject({
      code: "BUS_UNAVAILABLE",
      message: expect.stringMatching(`is gone: .*no exchange '${exchange}'`),
    });
    expect(String(error)).not.toContain("credentials");
    checkAccepted(await bus.publish([event("3")]));
    await bus.close();
    await cleared(exchange, []);
  });

  it("doctor names the queues that no process hears, and those that get nothing", async () => {
    const { server, management } = await managedRabbit();
    await using _server = stopping(server);
    await using bus = closing(rabbitmq({ url: server.url, settleMs: 0 }));
    await bus.subscribe(hear("live"), async () => {});
    await (await bus.subscribe(hear("gone"), async () => {})).close();
    const queue = (group: string) => `odori.${group}:${placed.type}`;
    await bus.subscribe(hear("cut"), async () => {});
    await using own = closing(new Connection(server.url));
    const cut = { exchange: "odori", queue: queue("cut"), routingKey: placed.type };
    await own.queueUnbind(cut);
    checkAccepted(await bus.publish([event("1")]));
    const found = async (check: string) =>
      (await diagnose({ url: server.url }, { management })).find((one) => one.check === check);
    const deaf = (one: Diagnosis | undefined) =>
      one?.level === "warning" &&
      one.message.includes(`no process hears ${queue("gone")} (1 wait)`);
    const { message = "" } = (await eventually("one is deaf", () => found("hearers"), deaf)) ?? {};
    expect(message).not.toContain(queue("live"));
    expect(await found("bindings")).toEqual({
      level: "warning",
      check: "bindings",
      message: `no event reaches ${queue("cut")}`,
    });
    const args = ["--rabbitmq", server.url, "--management", management];
    const { status, out, err } = await odori(["doctor", ...args]);
    expect([status, err]).toEqual([1, ""]);
    expect(out).toMatch(/warning +hearers +no process hears odori\.gone:order\.placed\.v1/);
    const refused = management.replace("guest@", "s3cr3t@");
    expect(await diagnose({ url: server.url }, { management: refused })).toContainEqual({
      level: "error",
      check: "LOGIN_REFUSED",
      message: expect.not.stringContaining("s3cr3t"),
    });
    await bus.subscribe(hear("gone"), async () => {});
    const fine = (one: Diagnosis | undefined) => one?.level === "ok";
    await eventually("each has a hearer", () => found("hearers"), fine);
  });

  it("rabbit-sem: a subscription that was refused takes no message later", async () => {
    await using server = stopping(await ownServer("rabbitmq"));
    await using first = closing(rabbitmq({ url: server.url, settleMs: 0 }));
    // The queue exists: what is refused is to consume from it.
    await (await first.subscribe(hear("a"), async () => {})).close();
    await server.control(["add_user", "u", "p"]);
    const permit = (read: string) => server.control(["set_permissions", "u", ".*", ".*", read]);
    await permit("^odori([.]dead)?$");
    const url = server.url.replace("guest:guest", "u:p");
    await using refused = closing(rabbitmq({ url, settleMs: 0 }));
    let taken = 0;
    await expect(refused.subscribe(hear("a"), async () => void taken++)).rejects.toMatchObject({
      code: "BUS_FORBIDDEN",
    });
    await permit(".*");
    const results: readonly PublishResult[] = await first.publish([event("1")]);
    checkAccepted(results);
    // Another member of the group gets it: a consumer that is left over would have taken it.
    const seen: string[] = [];
    await first.subscribe(hear("a"), async (incoming) => {
      if (!("malformed" in incoming)) seen.push(incoming.id);
    });
    await eventually("it is heard", () => seen.includes("1"));
    expect(taken).toBe(0);
  });
});
