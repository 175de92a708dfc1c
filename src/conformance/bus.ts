import assert from "node:assert/strict";
import type { Bus, Deliver, Incoming, Subscription } from "../ports/bus.ts";
import { eventually, gate, type Runner } from "./runner.ts";
import { sampleEvent } from "./samples.ts";

/** One bus, or one broker, for one test. */
export interface BusFixture {
  /**
   * A connection to it; each call makes another one, as another process would. An in-process bus
   * has only itself.
   */
  connect(): Promise<Bus>;
  /** Sends bytes past Odori, as a foreign producer can. */
  inject(topic: string, bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

export interface BusFactory {
  readonly name: string;
  /** `groups` are all the groups that the test subscribes. */
  make(groups: readonly string[]): Promise<BusFixture>;
}

const TOPIC = "order.placed.v1";
const OTHER = "payment.authorized.v1";

/** Everything that `Bus` promises, for any adapter: `busConformance({ describe, it }, factory)`. */
export function busConformance(runner: Runner, factory: BusFactory): void {
  const { describe, it } = runner;
  const test = (
    name: string,
    groups: readonly string[],
    body: (fixture: BusFixture) => Promise<void>,
  ) => {
    it(name, async () => {
      const fixture = await factory.make(groups);
      try {
        await body(fixture);
      } finally {
        await fixture.close();
      }
    });
  };

  describe(`bus ${factory.name}: delivery`, () => {
    test("an event arrives as it was published", ["a"], async (fixture) => {
      const bus = await fixture.connect();
      const { seen } = await listen(bus, "a");
      const event = sampleEvent("1", {
        subject: "a subject, with ünïcode",
        causationId: "0",
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        data: { text: '"quoted" 日本', list: [1, { deep: null }], constructor: "legal" },
      });
      await bus.publish([event]);
      await eventually("the event arrives", () => seen.length === 1);
      assert.deepEqual(seen[0], event);
    });

    test("publish resolves for many events, and each arrives", ["a"], async (fixture) => {
      const bus = await fixture.connect();
      const { seen } = await listen(bus, "a");
      await bus.publish(Array.from({ length: 250 }, (_, i) => sampleEvent(`e${i}`)));
      await eventually("all arrive", () => new Set(idsOf(seen)).size === 250);
    });

    test("publishing nothing is nothing", ["a"], async (fixture) => {
      const bus = await fixture.connect();
      await listen(bus, "a");
      await bus.publish([]);
    });

    test("a topic that nobody hears is answered for all the same", ["a"], async (fixture) => {
      const bus = await fixture.connect();
      const { seen } = await listen(bus, "a");
      await bus.publish([sampleEvent("1", { type: OTHER })]);
      await bus.publish([sampleEvent("2")]);
      await eventually("the one that is heard arrives", () => seen.length === 1);
      assert.deepEqual(idsOf(seen), ["2"]);
    });
  });

  describe(`bus ${factory.name}: redelivery`, () => {
    test("a rejected message comes again until it is acknowledged", ["a"], async (fixture) => {
      const bus = await fixture.connect();
      let tries = 0;
      await listen(bus, "a", async () => {
        if (++tries < 3) throw new Error("not now");
      });
      await bus.publish([sampleEvent("1")]);
      await eventually("it is tried three times", () => tries === 3);
    });

    test("a rejected message keeps no other one back", ["a"], async (fixture) => {
      const bus = await fixture.connect();
      const acknowledged: string[] = [];
      await listen(bus, "a", async (incoming) => {
        if (idOf(incoming) === "bad" && !acknowledged.includes("good"))
          throw new Error("not before the good one");
        acknowledged.push(idOf(incoming));
      });
      await Promise.all([bus.publish([sampleEvent("bad")]), bus.publish([sampleEvent("good")])]);
      await eventually("both are acknowledged", () => acknowledged.length === 2);
      assert.deepEqual(acknowledged, ["good", "bad"]);
    });
  });

  describe(`bus ${factory.name}: groups`, () => {
    test("every group gets each message", ["a", "b"], async (fixture) => {
      const bus = await fixture.connect();
      const a = await listen(bus, "a");
      const b = await listen(bus, "b");
      await bus.publish([sampleEvent("1"), sampleEvent("2")]);
      await eventually("both groups get both", () => a.seen.length === 2 && b.seen.length === 2);
    });

    test("a group without topics is a group all the same", ["a", "b"], async (fixture) => {
      const bus = await fixture.connect();
      await bus.subscribe({ group: "a", topics: [], inFlightMax: 1 }, () =>
        Promise.reject(new Error("it hears nothing")),
      );
      const b = await listen(bus, "b");
      await bus.publish([sampleEvent("1")]);
      await eventually("the other group gets it", () => b.seen.length === 1);
    });

    test("members of one group compete", ["a"], async (fixture) => {
      const one = await fixture.connect();
      const two = await fixture.connect();
      const first = await listen(one, "a");
      const second = await listen(two, "a");
      // A broker may need a moment until it shares the work between them.
      const published: string[] = [];
      await eventually("both take their part", async () => {
        const events = Array.from({ length: 40 }, (_, i) =>
          sampleEvent(`e${published.length + i}`),
        );
        published.push(...events.map(({ id }) => id));
        await one.publish(events);
        return first.seen.length > 0 && second.seen.length > 0;
      });
      const arrived = () => new Set([...idsOf(first.seen), ...idsOf(second.seen)]);
      await eventually("all have arrived", () => arrived().size === published.length);
      const both = idsOf(first.seen).filter((id) => idsOf(second.seen).includes(id));
      assert.ok(
        both.length < published.length / 2,
        "they share the work, and do not do all of it twice",
      );
    });

    test(
      "an event published while a group is away reaches it, or is refused",
      ["a"],
      async (fixture) => {
        const bus = await fixture.connect();
        const { subscription } = await listen(bus, "a");
        await subscription.close();
        const refused = await bus.publish([sampleEvent("1")]).then(
          () => false,
          () => true,
        );
        assert.equal(refused && bus.guarantees.durable, false, "a durable bus keeps it");
        const { seen } = await listen(bus, "a");
        if (refused) await bus.publish([sampleEvent("1")]);
        await eventually("it arrives", () => seen.length === 1);
      },
    );
  });

  describe(`bus ${factory.name}: members`, () => {
    test("no more than inFlightMax are in flight", ["a"], async (fixture) => {
      const bus = await fixture.connect();
      const { opened, open } = gate();
      let inFlight = 0;
      let most = 0;
      let done = 0;
      const deliver = async () => {
        most = Math.max(most, ++inFlight);
        await opened;
        inFlight--;
        done++;
      };
      await bus.subscribe({ group: "a", topics: [TOPIC], inFlightMax: 3 }, deliver);
      const published = bus.publish(Array.from({ length: 10 }, (_, i) => sampleEvent(`e${i}`)));
      await eventually("three are in flight", () => inFlight === 3);
      open();
      await published;
      await eventually("all are done", () => done === 10);
      assert.equal(most, 3);
    });

    test("close waits for what is in flight, and takes nothing more", ["a"], async (fixture) => {
      const bus = await fixture.connect();
      const { opened, open } = gate();
      let finished = false;
      const { seen, subscription } = await listen(bus, "a", async () => {
        await opened;
        finished = true;
      });
      const published = bus.publish([sampleEvent("1")]);
      await eventually("it is in flight", () => seen.length === 1);
      const closed = subscription.close().then(() => assert.ok(finished, "close has waited"));
      open();
      await Promise.all([closed, published]);
      await subscription.close();
    });

    test("order by key, where it is declared", ["a"], async (fixture) => {
      const bus = await fixture.connect();
      const { seen } = await listen(bus, "a");
      const events = Array.from({ length: 60 }, (_, i) =>
        sampleEvent(`e${i}`, { sagaId: `saga ${i % 3}` }),
      );
      for (const event of events) await bus.publish([event]);
      await eventually("all arrive", () => seen.length >= 60);
      if (bus.guarantees.order === "none") return;
      for (const saga of ["saga 0", "saga 1", "saga 2"]) {
        const inOrder = events.filter(({ sagaId }) => sagaId === saga).map(({ id }) => id);
        assert.deepEqual(
          idsOf(seen.filter((incoming) => !("malformed" in incoming) && incoming.sagaId === saga)),
          inOrder,
        );
      }
    });
  });

  describe(`bus ${factory.name}: foreign messages`, () => {
    const hostile: readonly (readonly [string, string, string])[] = [
      ["no JSON", "MESSAGE_MALFORMED", "{"],
      ["no object", "MESSAGE_MALFORMED", "[]"],
      ["no CloudEvent", "MESSAGE_MALFORMED", "{}"],
      ["another specversion", "MESSAGE_MALFORMED", wire({ specversion: "0.3" })],
      ["no saga", "MESSAGE_MALFORMED", wire({ sagaid: null })],
      ["a newline in its id", "MESSAGE_MALFORMED", wire({ id: "a\nb" })],
      ["an escape sequence in its source", "MESSAGE_MALFORMED", wire({ source: "/\u001b[31m" })],
      ["an id of 10,000 characters", "MESSAGE_MALFORMED", wire({ id: "x".repeat(10_000) })],
      ["a time that is none", "MESSAGE_MALFORMED", wire({ time: "yesterday" })],
      [
        "a payload nested a thousand deep",
        "MESSAGE_MALFORMED",
        wire({}).replace('"data":{}', `"data":${"[".repeat(1_000)}${"]".repeat(1_000)}`),
      ],
      [
        "a key __proto__",
        "MESSAGE_MALFORMED",
        wire({}).replace('"data":{}', '"data":{"__proto__":{"polluted":true}}'),
      ],
      ["100 KiB", "MESSAGE_TOO_LARGE", wire({ data: "x".repeat(100 * 1024) })],
      // As much as NATS and Kafka carry by default.
      ["almost 1 MiB", "MESSAGE_TOO_LARGE", wire({ data: "x".repeat(1_000_000) })],
    ];
    for (const [what, code, text] of hostile) {
      test(
        `${what}: handed on as malformed, and no prototype is touched`,
        ["a"],
        async (fixture) => {
          const bus = await fixture.connect();
          const { seen } = await listen(bus, "a");
          await fixture.inject(TOPIC, new TextEncoder().encode(text));
          await eventually("it arrives", () => seen.length === 1);
          const [incoming] = seen;
          assert.ok(incoming !== undefined && "malformed" in incoming, "it is malformed");
          assert.equal(incoming.error.code, code);
          assert.ok(incoming.raw.length <= 8_192, "what is kept of it is bounded");
          assert.equal(Object.hasOwn(Object.prototype, "polluted"), false);
        },
      );
    }

    test(
      "a minimal foreign event is read, and what it leaves out is filled in",
      ["a"],
      async (fixture) => {
        const bus = await fixture.connect();
        const { seen } = await listen(bus, "a");
        await fixture.inject(TOPIC, new TextEncoder().encode(wire({ time: null })));
        await eventually("it arrives", () => seen.length === 1);
        const [incoming] = seen;
        assert.ok(incoming !== undefined && !("malformed" in incoming));
        assert.equal(incoming.correlationId, "s");
        assert.ok(!Number.isNaN(Date.parse(incoming.time)));
      },
    );
  });

  describe(`bus ${factory.name}: closing`, () => {
    test("a closed bus refuses to publish", ["a"], async (fixture) => {
      const bus = await fixture.connect();
      await listen(bus, "a");
      await bus.close();
      await assert.rejects(bus.publish([sampleEvent("1")]), { code: "BUS_CLOSED" });
    });
  });
}

async function listen(
  bus: Bus,
  group: string,
  deliver: Deliver = async () => {},
): Promise<{ readonly seen: readonly Incoming[]; readonly subscription: Subscription }> {
  const seen: Incoming[] = [];
  const subscription = await bus.subscribe(
    { group, topics: [TOPIC], inFlightMax: 100 },
    (incoming) => {
      seen.push(incoming);
      return deliver(incoming);
    },
  );
  return { seen, subscription };
}

function idOf(incoming: Incoming): string {
  return "malformed" in incoming ? incoming.raw : incoming.id;
}

function idsOf(seen: readonly Incoming[]): readonly string[] {
  return seen.map(idOf);
}

function wire(change: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({
    specversion: "1.0",
    id: "1",
    type: TOPIC,
    source: "/order",
    sagaid: "s",
    time: "2026-01-02T03:04:05Z",
    data: {},
    ...change,
  });
}
