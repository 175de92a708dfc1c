import { connect as dial } from "node:net";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import type { Incoming } from "odori";
import { checkAccepted } from "odori/adapter";
import { diagnose, nats } from "odori/nats";
import { describe, expect, it } from "vitest";
import { proxiedServer } from "../servers/own.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { cancelled, placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping } from "../support/scope.ts";
import { envelope } from "../support/stage.ts";
import { subscribed } from "../support/subscribed.ts";

let streams = 0;

/** A bus on a stream of its own, and a connection past it. */
async function stage(options: { readonly ackWaitMs?: number } = {}) {
  const stream = `N${process.pid}-${streams++}`;
  const bus = closing(nats({ servers: serverUrl("nats"), stream, prefix: stream, ...options }));
  const own = await connect({ servers: serverUrl("nats") });
  const manager = await jetstreamManager(own);
  const close = async () => {
    await bus.close();
    await manager.streams.delete(stream);
    await own.close();
  };
  return closing({ stream, bus, own, manager, close });
}

describe.skipIf(urlOf("nats") === undefined)(titleOf("nats", "NATS"), () => {
  it("nats-more: a foreign message with the id of a coming event suppresses nothing", async () => {
    await using on = await stage();
    const { stream, bus, own } = on;
    const seen: string[] = [];
    await bus.subscribe({ group: "a", topics: [placed.type], inFlightMax: 10 }, async (one) => {
      if (!("malformed" in one)) seen.push(one.id);
    });
    const event = envelope(placed, "s", { orderId: "s" }, { source: "/order", id: "guessed" });
    const client = jetstream(own);
    for (const msgID of [`/order guessed ${placed.type}`, "/order guessed", "guessed"])
      await client.publish(`${stream}.mallory.noise.v1`, "{}", { msgID });
    checkAccepted(await bus.publish([event]));
    await eventually("it is heard", () => seen.includes("guessed"));
  });

  it("nats-rawheaders: headers that cannot be parsed are malformed, and come once", async () => {
    await using on = await stage();
    const { stream, bus, manager } = on;
    const seen: Incoming[] = [];
    const hear = { group: "a", topics: [placed.type], inFlightMax: 2 };
    await bus.subscribe(hear, async (incoming) => void seen.push(incoming));
    const raw = [
      "NATS/1.0\r\nbadline\r\n\r\n",
      "NATS/1.0\r\nce id: x\r\n\r\n",
      "NATS/1.0 503\r\n\r\n",
      "HTTP/1.1 200\r\n\r\n",
      "\r\n\r\n",
      "NATS/1.0\r\nx\u0000y: \u0001\u00ff\r\n\r\n",
      `NATS/1.0\r\n${"a: b\r\n".repeat(5_000)}\r\n`,
    ];
    const url = new URL(serverUrl("nats"));
    const socket = dial(Number(url.port), url.hostname);
    socket.write('CONNECT {"headers":true,"verbose":false}\r\n');
    for (const head of raw) {
      const bytes = Buffer.from(head, "latin1");
      socket.write(`HPUB ${stream}.${placed.type} ${bytes.length} ${bytes.length + 2}\r\n`);
      socket.write(Buffer.concat([bytes, Buffer.from("{}\r\n")]));
    }
    await eventually("all arrive", () => seen.length, raw.length);
    socket.destroy();
    for (const incoming of seen)
      expect(incoming).toMatchObject({ malformed: true, error: { code: "MESSAGE_MALFORMED" } });
    const pending = async () =>
      (await manager.consumers.info(stream, "a--order-placed-v1")).num_ack_pending;
    await eventually("all are acknowledged", pending, 0);
    expect(seen).toHaveLength(raw.length);
  });

  it("nats-more: a silent connection is replaced, and nothing is sent on it again", async () => {
    const { server, proxy } = await proxiedServer("nats");
    await using _server = stopping(server);
    await using _proxy = closing(proxy);
    await using bus = closing(nats({ servers: `nats://127.0.0.1:${proxy.port}` }));
    const event = (id: string) => envelope(placed, id, { orderId: id }, { id });
    checkAccepted(await bus.publish([event("before")]));
    // What the client sends arrives: another attempt on this connection would be another copy.
    proxy.silence("replies");
    await expect(bus.publish([event("1")])).rejects.toMatchObject({ code: "BUS_UNAVAILABLE" });
    checkAccepted(await bus.publish([event("1")]));
    await using own = closing(await connect({ servers: server.url }));
    const { state } = await (await jetstreamManager(own)).streams.info("ODORI");
    expect(state.messages).toBe(3);
  });

  it("a connection that is cut in the middle of a frame holds nothing back", async () => {
    const { server, proxy } = await proxiedServer("nats");
    await using _server = stopping(server);
    await using _proxy = closing(proxy);
    await using bus = closing(nats({ servers: `nats://127.0.0.1:${proxy.port}` }));
    const events = ["1", "2"].map((id) => envelope(placed, id, { orderId: id }, { id }));
    const lost = {
      code: "BUS_UNAVAILABLE",
      message: expect.stringContaining("connection is lost"),
    };
    const accepted = async () => {
      try {
        checkAccepted(await bus.publish(events));
        return true;
      } catch (error) {
        // It would say that there was no reply: nothing may wait for one from a former connection.
        expect(error).toMatchObject(lost);
        return false;
      }
    };
    expect(await accepted()).toBe(true);
    proxy.after(placed.type, () => proxy.cut());
    expect(await accepted()).toBe(false);
    await eventually("it is accepted over the next connection", accepted);
    proxy.after(placed.type, () => server.kill());
    expect(await accepted()).toBe(false);
    // What the client is given while it reconnects is dropped with its next attempt.
    expect(await accepted()).toBe(false);
    await server.up();
    await eventually("it is accepted after a restart", accepted);
  });

  it("a connection that its client gives up is replaced", async () => {
    const { server, proxy } = await proxiedServer("nats");
    await using _server = stopping(server);
    await using _proxy = closing(proxy);
    const servers = `nats://127.0.0.1:${proxy.port}`;
    await using bus = closing(nats({ servers, connection: { reconnect: false } }));
    const publish = async (id: string) => {
      checkAccepted(await bus.publish([envelope(placed, id, { orderId: id }, { id })]));
      return true;
    };
    const seen = new Set<string>();
    const hear = { group: "a", topics: [placed.type], inFlightMax: 1 };
    await using _heard = closing(
      await subscribed(bus, hear, async (one) => {
        if (!("malformed" in one)) seen.add(one.id);
      }),
    );
    await publish("1");
    await eventually("it is heard", () => seen.has("1"));
    proxy.cut();
    await eventually("it is published", () => publish("2"));
    await eventually("it is heard over the next connection", () => seen.has("2"));
  });

  it("doctor names the consumers that no process hears", async () => {
    await using on = await stage();
    const { stream, bus } = on;
    const hear = { group: "a", topics: [placed.type], inFlightMax: 1 };
    const subscription = await bus.subscribe(hear, async () => {});
    const options = { servers: serverUrl("nats"), stream };
    const hearers = async () =>
      (await diagnose(options, 1)).find(({ check }) => check === "hearers")?.level;
    await eventually("it is heard", hearers, "ok");
    await subscription.close();
    await bus.close();
    await eventually("it is heard no more", hearers, "warning");
  });

  it("a message that waits for its turn is not redelivered", async () => {
    const ackWaitMs = 600;
    await using on = await stage({ ackWaitMs });
    const { stream, bus, own, manager } = on;
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const seen: string[] = [];
    const topics = [placed.type, cancelled.type];
    await bus.subscribe({ group: "a", topics, inFlightMax: 1 }, async (one) => {
      if (!("malformed" in one)) seen.push(one.type);
      await opened;
    });
    // Each `+WPI` says that a message is in progress; the consumer's name is in the subject.
    const beats = new Map<string, number>();
    own.subscribe("$JS.ACK.>", {
      callback: (_, message) => {
        const [, , , consumer = ""] = message.subject.split(".");
        if (message.string() === "+WPI") beats.set(consumer, (beats.get(consumer) ?? 0) + 1);
      },
    });
    await own.flush();
    const events = [placed, cancelled].map((type) => envelope(type, "s", { orderId: "s" }));
    checkAccepted(await bus.publish(events));
    const names = ["a--order-placed-v1", "a--order-cancelled-v1"];
    // Three of them take one `ackWaitMs`.
    await eventually("both are held for long", () =>
      names.every((name) => (beats.get(name) ?? 0) >= 9),
    );
    expect(seen).toHaveLength(1);
    open();
    await eventually("both are heard", () => seen.length, 2);
    for (const name of names)
      expect(await manager.consumers.info(stream, name)).toMatchObject({ num_redelivered: 0 });
  });
});
