import assert from "node:assert/strict";
import type { EventEnvelope } from "../contract/envelope.ts";
import {
  type Bus,
  checkAccepted,
  type Deliver,
  type Incoming,
  type Subscription,
} from "../ports/bus.ts";
import { busBacklog } from "./bus-backlog.ts";
import { busFaults, type MakeFaulty } from "./bus-faults.ts";
import { busTogether } from "./bus-together.ts";
import { busTrace } from "./bus-trace.ts";
import { eventually, gate, OPTIONAL, type Runner, type TestContext } from "./runner.ts";
import { sampleEvent } from "./samples.ts";
import { workIsShared } from "./share.ts";

/** One bus, or one broker, for one test. */
export interface BusFixture {
  /**
   * Makes another connection, as another process would. An in-process bus returns itself each time.
   */
  connect(): Promise<Bus>;
  /** Sends bytes without the adapter, as a foreign producer does: CloudEvents JSON, or invalid. */
  inject(topic: string, bytes: Uint8Array): Promise<void>;
  /**
   * Changes of a sample event with which the bus refuses it, by name: "too large", for example. The
   * topic must be unchanged, or heard by none of the test's groups.
   *
   * @default none but an invalid type
   */
  readonly refused?: Readonly<Record<string, Partial<EventEnvelope>>>;
  /** Closes every connection, and deletes what the test left on the broker. */
  close(): Promise<void>;
}

/** Makes the buses of the tests of one adapter. */
export interface BusFactory {
  /** The adapter's name, for the titles of the suites. */
  readonly name: string;
  /** Makes an empty bus. `groups` are the names of all groups that the test subscribes. */
  make(groups: readonly string[]): Promise<BusFixture>;
  /**
   * What can happen to a broker under a running service, by name: "the queue is deleted".
   *
   * @default none: nothing can happen to the bus without its process
   */
  readonly faults?: Readonly<Record<string, MakeFaulty>>;
}

const TOPIC = "order.placed.v1";
const OTHER = "payment.authorized.v1";

/**
 * Registers the tests of everything that `Bus` promises. Each test makes a fixture of its own. A
 * test of a promise in `OPTIONAL` is skipped, with the reason, if the adapter does not make it.
 *
 * @example
 * ```ts
 * import { busConformance } from "odori/conformance";
 * import { memoryBus } from "odori/memory";
 * import { describe, it } from "vitest";
 *
 * busConformance({ describe, it }, {
 *   name: "my bus",
 *   async make(groups) {
 *     const bus = memoryBus(groups);
 *     return {
 *       connect: async () => bus,
 *       inject: (topic, bytes) => bus.inject(topic, bytes),
 *       close: () => bus.close(),
 *     };
 *   },
 * });
 * ```
 */
export function busConformance(runner: Runner, factory: BusFactory): void {
  const { describe, it } = runner;
  const test = (
    name: string,
    groups: readonly string[],
    body: (bus: Bus, fixture: BusFixture, context: TestContext) => Promise<void>,
    needs?: "order",
  ) => {
    it(name, async (context) => {
      const fixture = await factory.make(groups);
      try {
        const bus = await fixture.connect();
        if (needs === "order" && bus.guarantees.order === "none") context.skip(OPTIONAL.order);
        else await body(bus, fixture, context);
      } finally {
        await fixture.close();
      }
    });
  };

  describe(`bus ${factory.name}: delivery`, () => {
    test("an event arrives as it was published", ["a"], async (bus) => {
      const { seen } = await listen(bus, "a");
      const event = sampleEvent("1", {
        subject: "a subject, with ünïcode",
        causationId: "0",
        data: { text: '"quoted" 日本', list: [1, { deep: null }], constructor: "legal" },
      });
      checkAccepted(await bus.publish([event]));
      await eventually("the event arrives", () => seen.length === 1);
      assert.deepEqual(seen[0], event);
    });

    busTrace(test);

    test("publish resolves for many events, and each arrives", ["a"], async (bus) => {
      const { seen } = await listen(bus, "a");
      checkAccepted(await bus.publish(Array.from({ length: 250 }, (_, i) => sampleEvent(`e${i}`))));
      await eventually("all arrive", () => new Set(idsOf(seen)).size === 250);
    });

    test("publishing nothing is nothing", ["a"], async (bus) => {
      await listen(bus, "a");
      assert.deepEqual(await bus.publish([]), []);
    });

    test("publish resolves for a topic that no group hears", ["a"], async (bus) => {
      const { seen } = await listen(bus, "a");
      checkAccepted(await bus.publish([sampleEvent("1", { type: OTHER })]));
      checkAccepted(await bus.publish([sampleEvent("2")]));
      await eventually("the one that is heard arrives", () => seen.length === 1);
      assert.deepEqual(idsOf(seen), ["2"]);
    });
  });

  describe(`bus ${factory.name}: answers`, () => {
    test("each event has an answer of its own, in order", ["a"], async (bus, fixture) => {
      const { seen } = await listen(bus, "a");
      const changes = { "an invalid type": { type: "no type\n" }, ...fixture.refused };
      for (const [what, change] of Object.entries(changes)) {
        const ids = ["first", "bad", "last"].map((name) => `${name}, ${what}`);
        const events = ids.map((id, i) => sampleEvent(id, i === 1 ? change : {}));
        const results = await bus.publish(events);
        assert.deepEqual(
          results.map(({ accepted }) => accepted),
          [true, false, true],
          what,
        );
        const [, bad] = results;
        assert.ok(bad?.accepted === false && bad.error.code !== "BUS_UNAVAILABLE", what);
        const arrived = () => ids.filter((id) => idsOf(seen).includes(id));
        await eventually("its neighbours arrive", () => arrived().length >= 2);
        assert.deepEqual(arrived(), [ids[0], ids[2]], what);
      }
    });

    test("many events around a refused one are accepted", ["a"], async (bus) => {
      const { seen } = await listen(bus, "a");
      const events = Array.from({ length: 40 }, (_, i) =>
        sampleEvent(`e${i}`, i % 13 === 7 ? { type: "no type\n" } : {}),
      );
      const results = await bus.publish(events);
      assert.equal(results.length, events.length);
      for (const [i, { accepted }] of results.entries()) assert.equal(accepted, i % 13 !== 7);
      await eventually("the others arrive", () => new Set(idsOf(seen)).size === 37);
    });
  });

  describe(`bus ${factory.name}: redelivery`, () => {
    test("a rejected message comes again until it is acknowledged", ["a"], async (bus) => {
      let tries = 0;
      await listen(bus, "a", async () => {
        if (++tries < 3) throw new Error("not now");
      });
      checkAccepted(await bus.publish([sampleEvent("1")]));
      await eventually("it is tried three times", () => tries === 3);
    });

    test("a rejected message keeps no other one back", ["a"], async (bus) => {
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

  describe(`bus ${factory.name}: events that are published together`, () => busTogether(test));

  describe(`bus ${factory.name}: groups`, () => {
    test("every group gets each message", ["a", "b"], async (bus) => {
      const a = await listen(bus, "a");
      const b = await listen(bus, "b");
      checkAccepted(await bus.publish([sampleEvent("1"), sampleEvent("2")]));
      await eventually("both groups get both", () => a.seen.length === 2 && b.seen.length === 2);
    });

    test("a group without topics is still a group", ["a", "b"], async (bus) => {
      await bus.subscribe({ group: "a", topics: [], inFlightMax: 1 }, () =>
        Promise.reject(new Error("it hears nothing")),
      );
      const b = await listen(bus, "b");
      checkAccepted(await bus.publish([sampleEvent("1")]));
      await eventually("the other group gets it", () => b.seen.length === 1);
    });

    test("members of one group compete", ["a"], async (one, fixture) => {
      const two = await fixture.connect();
      const first = await listen(one, "a");
      const second = await listen(two, "a");
      await workIsShared(one, () => [first, second].map(({ seen }) => new Set(idsOf(seen))));
    });

    test(
      "an event published while a group has no member reaches it, or is refused",
      ["a"],
      async (bus) => {
        const { subscription } = await listen(bus, "a");
        await subscription.close();
        const [result] = await bus.publish([sampleEvent("1")]);
        const refused = result?.accepted === false;
        assert.equal(refused && bus.guarantees.durable, false, "a durable bus keeps it");
        const { seen } = await listen(bus, "a");
        // As the runtime does: a bus may pause after it has found no member.
        const again = async () => (await bus.publish([sampleEvent("1")]))[0]?.accepted === true;
        if (refused) await eventually("it is accepted", again);
        await eventually("it arrives", () => seen.length === 1);
      },
    );
  });

  describe(`bus ${factory.name}: backlog`, () => {
    busBacklog((name, groups, body) => test(name, groups, (bus, _, context) => body(bus, context)));
  });

  describe(`bus ${factory.name}: members`, () => {
    test("no more than inFlightMax are in flight", ["a"], async (bus) => {
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

    test("close waits for what is in flight, and takes nothing more", ["a"], async (bus) => {
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

    const inOrderByKey = async (bus: Bus) => {
      const { seen } = await listen(bus, "a");
      const events = Array.from({ length: 60 }, (_, i) =>
        sampleEvent(`e${i}`, { sagaId: `saga ${i % 3}` }),
      );
      for (const event of events) checkAccepted(await bus.publish([event]));
      await eventually("all arrive", () => seen.length >= 60);
      for (const saga of ["saga 0", "saga 1", "saga 2"]) {
        const inOrder = events.filter(({ sagaId }) => sagaId === saga).map(({ id }) => id);
        assert.deepEqual(
          idsOf(seen.filter((incoming) => !("malformed" in incoming) && incoming.sagaId === saga)),
          inOrder,
        );
      }
    };
    test("the events of one saga arrive in order", ["a"], inOrderByKey, "order");
  });

  describe(`bus ${factory.name}: foreign messages`, () => {
    const hostile: readonly (readonly [string, string, string])[] = [
      ["not JSON", "MESSAGE_MALFORMED", "{"],
      ["not an object", "MESSAGE_MALFORMED", "[]"],
      ["not a CloudEvent", "MESSAGE_MALFORMED", "{}"],
      ["another specversion", "MESSAGE_MALFORMED", wire({ specversion: "0.3" })],
      ["no saga", "MESSAGE_MALFORMED", wire({ sagaid: null })],
      ["a newline in its id", "MESSAGE_MALFORMED", wire({ id: "a\nb" })],
      ["an escape sequence in its source", "MESSAGE_MALFORMED", wire({ source: "/\u001b[31m" })],
      ["an id of 10,000 characters", "MESSAGE_MALFORMED", wire({ id: "x".repeat(10_000) })],
      ["an invalid time", "MESSAGE_MALFORMED", wire({ time: "yesterday" })],
      [
        "a payload nested a thousand deep",
        "PAYLOAD_REFUSED",
        wire({}).replace('"data":{}', `"data":${"[".repeat(1_000)}${"]".repeat(1_000)}`),
      ],
      [
        "a key __proto__",
        "PAYLOAD_REFUSED",
        wire({}).replace('"data":{}', '"data":{"__proto__":{"polluted":true}}'),
      ],
      ["100 KiB", "MESSAGE_TOO_LARGE", wire({ data: "x".repeat(100 * 1024) })],
      // The default limit of NATS and Kafka.
      ["almost 1 MiB", "MESSAGE_TOO_LARGE", wire({ data: "x".repeat(1_000_000) })],
    ];
    for (const [what, code, text] of hostile) {
      test(
        `${what}: delivered as malformed, and no prototype changes`,
        ["a"],
        async (bus, fixture) => {
          const { seen } = await listen(bus, "a");
          await fixture.inject(TOPIC, new TextEncoder().encode(text));
          await eventually("it arrives", () => seen.length === 1);
          const [incoming] = seen;
          assert.ok(incoming !== undefined && "malformed" in incoming, "it is malformed");
          assert.equal(incoming.error.code, code);
          const whole = code !== "MESSAGE_TOO_LARGE";
          const kept = whole ? incoming.raw === text : incoming.raw.length <= 8_192;
          assert.ok(kept, "it is kept whole; of one that is too large, at most 8,192 characters");
          assert.equal(Object.hasOwn(Object.prototype, "polluted"), false);
        },
      );
    }

    test(
      "a minimal foreign event is read, with defaults for absent attributes",
      ["a"],
      async (bus, fixture) => {
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

  if (factory.faults !== undefined) busFaults(runner, factory.faults, factory.name);

  describe(`bus ${factory.name}: closing`, () => {
    test("a closed bus refuses to publish", ["a"], async (bus) => {
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
