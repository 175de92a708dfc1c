import { Admin, Producer } from "@platformatic/kafka";
import { codeOf, type Incoming, type LogFields, type OdoriError, service, start } from "odori";
import { checkAccepted, messageOf } from "odori/adapter";
import { diagnose, kafka } from "odori/kafka";
import { memoryStore } from "odori/memory";
import { describe, expect, it } from "vitest";
import { encodeStored } from "../../src/cloudevents/json.ts";
import { find } from "../servers/find.ts";
import { demand } from "../servers/kafka-faults.ts";
import { ownServer } from "../servers/own.ts";
import { recipes } from "../servers/recipes.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping } from "../support/scope.ts";
import { envelope, silent } from "../support/stage.ts";

const hear = { group: "a", topics: [placed.type], inFlightMax: 10 };
const event = (id: string, size = 1) =>
  envelope(placed, id, { orderId: id, filler: "x".repeat(size) }, { id });
const many = (count: number, size: number) =>
  Array.from({ length: count }, (_, i) => event(`e${i}`, size));
let prefixes = 0;

/** A bus on topics of its own, and clients past it. */
async function stage(configs: readonly { name: string; value: string }[] = []) {
  const prefix = `k${process.pid}-${prefixes++}.`;
  const topic = `${prefix}${placed.type}`;
  const client = { clientId: "test", bootstrapBrokers: [serverUrl("kafka")] };
  const admin = new Admin(client);
  // An empty value of a header becomes none, which Kafka allows.
  const bytes = (text?: string) => (text ? Buffer.from(text) : undefined);
  const producer = new Producer<string, string, string, string>({
    ...client,
    serializers: { key: bytes, value: bytes, headerKey: bytes, headerValue: bytes },
  });
  await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1, configs: [...configs] });
  const bus = closing(kafka({ brokers: serverUrl("kafka"), prefix, sessionTimeoutMs: 2_000 }));
  const close = async () => {
    await bus.close();
    await producer.close();
    await admin.deleteTopics({ topics: [topic] });
    await admin.close();
  };
  return closing({ topic, admin, producer, bus, close });
}

describe.skipIf(urlOf("kafka") === undefined)(titleOf("kafka", "Kafka"), () => {
  it("kafka-null-header, kafka-null-exit: a header without a value is read past", async () => {
    await using on = await stage();
    const { topic, producer, bus } = on;
    const seen: Incoming[] = [];
    const subscription = await bus.subscribe(hear, async (incoming) => void seen.push(incoming));
    const [json] = JSON.parse(encodeStored([event("good")]));
    for (const value of [JSON.stringify(json), "{}"])
      await producer.send({ messages: [{ topic, value, headers: { trace: "", ce_id: "" } }] });
    await producer.send({ messages: [{ topic }] });
    await eventually("all arrive", () => seen.length, 3);
    const options = { brokers: serverUrl("kafka"), prefix: topic.slice(0, topic.indexOf(".") + 1) };
    const hearers = async () =>
      (await diagnose(options, 1)).find(({ check }) => check === "hearers")?.level;
    await eventually("doctor sees the member", hearers, "ok");
    await subscription.close();
    await eventually("doctor misses it", hearers, "warning");
    expect(seen).toMatchObject([{ id: "good" }, { malformed: true }, { malformed: true }]);
  });

  it("kafka-app: a group whose place has left the log says so, and hears the rest", async () => {
    await using on = await stage();
    const { topic, admin, bus } = on;
    const seen: string[] = [];
    const deliver = async (incoming: Incoming) => {
      if (!("malformed" in incoming)) seen.push(incoming.id);
    };
    const first = await bus.subscribe(hear, deliver);
    checkAccepted(await bus.publish([event("heard")]));
    await eventually("the first is heard", () => seen, ["heard"]);
    await first.close();
    checkAccepted(await bus.publish(many(9, 1)));
    const partitions = [{ partition: 0, offset: 6n }];
    await admin.deleteRecords({ topics: [{ name: topic, partitions }] });
    const lost: OdoriError[] = [];
    const onLost = (error: OdoriError) => void lost.push(error);
    const second = await bus.subscribe({ ...hear, onLost }, deliver);
    await eventually("it is said", () => lost.map(({ code }) => code), ["BUS_TOPOLOGY"]);
    expect(lost[0]?.message).toContain("5 events");
    await second.close();
    await bus.subscribe({ ...hear, onLost }, deliver);
    const left = ["e5", "e6", "e7", "e8"];
    await eventually("what is left is heard", () => left.every((id) => seen.includes(id)));
    expect(lost).toHaveLength(1);
    expect(seen).not.toContain("e0");
  });

  /** The log begins at `oldest` while a running service is behind, and has `left` events then. */
  const leftBehind = async (oldest: number, left: number) => {
    await using on = await stage();
    const { topic, admin, bus } = on;
    const seen = new Set<string>();
    const said = new Set<string>();
    const log = (line: string, { error }: LogFields = {}) =>
      void said.add(`${line}: ${codeOf(error)}: ${messageOf(error)}`);
    const logger = { ...silent, warn: log, error: log };
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const shop = service<unknown>("a").on(placed, {
      async handle({ id }) {
        await opened;
        seen.add(id);
      },
    });
    const settings = { store: memoryStore(), bus, logger, inFlightMax: 50, batchMax: 50 };
    await using app = stopping(await start(shop, settings));
    // The member has room for fewer of them: the client keeps 1,024, and what one fetch brings.
    checkAccepted(await bus.publish(many(4_000, 1_000)));
    const partitions = [{ partition: 0, offset: BigInt(oldest) }];
    await admin.deleteRecords({ topics: [{ name: topic, partitions }] });
    const ready = async () => (await app.health()).state;
    await eventually("it is not lost: what it has in memory is heard", ready, "ready");
    open();
    const problems = new Set<string | undefined>();
    const expired = async () => {
      const { problem, reason } = await app.health();
      if (problem === "BUS_TOPOLOGY") problems.add(reason);
      return [...said].filter((line) => line.includes("BUS_TOPOLOGY"));
    };
    const [line = ""] = await eventually("it is said", expired, (lines) => lines.length > 0);
    const count = Number(/deleted (\d+) events/.exec(line)?.[1]);
    checkAccepted(await bus.publish([event("after")]));
    await eventually("what is left is heard", () => seen.has("after"));
    const heard = many(4_000, 1).filter(({ id }) => seen.has(id)).length;
    expect(heard).toBe(4_000 - count);
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThan(oldest);
    expect(
      many(4_000, 1)
        .slice(oldest)
        .every(({ id }) => seen.has(id)),
    ).toBe(true);
    expect(4_000 - oldest).toBe(left);
    await eventually("it hears again", ready, "ready");
    expect(await expired()).toHaveLength(1);
    return [...problems];
  };

  it(
    "a running group whose place leaves the log says so, and hears what is left",
    { timeout: 600_000 },
    () => leftBehind(3_500, 500),
  );

  it("the same where nothing is left", { timeout: 600_000 }, () => leftBehind(4_000, 0));

  it("kafka-app: 24 MB at once for one partition are accepted", async () => {
    await using on = await stage();
    checkAccepted(await on.bus.publish(many(400, 60_000)));
  });

  it("a topic with a small limit gets smaller requests", async () => {
    await using on = await stage([{ name: "max.message.bytes", value: "90000" }]);
    checkAccepted(await on.bus.publish(many(20, 60_000)));
  });

  it("a wrong password, or TLS where there is none, is named", async () => {
    const recipe = recipes.kafka(find("kafka", false) ?? "");
    await using server = stopping(
      await ownServer("kafka", {
        async prepare(place) {
          await recipe.prepare?.(place);
          demand(place, "right");
        },
      }),
    );
    const sasl = { mechanism: "PLAIN", username: "order", password: "s3cret" } as const;
    for (const [options, code, what] of [
      [{ sasl }, "LOGIN_REFUSED", "password (option sasl)"],
      [{ tls: {} }, "TLS_MISMATCH", "option tls"],
      [{}, "LOGIN_REFUSED", "asks for"],
    ] as const) {
      await using bus = closing(kafka({ brokers: server.url, ...options }));
      for (const act of [
        () => bus.publish([event("1")]),
        () => bus.subscribe(hear, async () => {}),
      ])
        await expect(act()).rejects.toMatchObject({
          code,
          message: expect.stringContaining(what),
        });
    }
  });
});
