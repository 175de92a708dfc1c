import assert from "node:assert/strict";
import { type Bus, checkAccepted, type Subscription } from "../ports/bus.ts";
import { eventually, gate, OPTIONAL, type TestContext } from "./runner.ts";
import { sampleEvent } from "./samples.ts";

type BusTest = (
  name: string,
  groups: readonly string[],
  body: (bus: Bus, context: TestContext) => Promise<void>,
) => void;

const TOPIC = "order.placed.v1";
const EVENTS = ["1", "2", "3"].map((id) => sampleEvent(id));

/** Tests of what a bus says it holds for a group. */
export function busBacklog(test: BusTest): void {
  test(
    "what is in flight or waits is held, until it is acknowledged",
    ["a"],
    async (bus, context) => {
      const { opened, open } = gate();
      const { seen, subscription } = await join(bus, "a", () => opened);
      if (subscription.backlog === undefined) return context.skip(OPTIONAL.backlog);
      assert.equal(await subscription.backlog(), 0);
      const published = bus.publish(EVENTS);
      await eventually("one is in flight", () => seen.size > 0);
      const left = async () => subscription.backlog?.();
      await eventually("they are held", async () => ((await left()) ?? 0) > 0);
      open();
      checkAccepted(await published);
      await eventually("nothing is held any more", async () => (await left()) === 0);
      assert.equal(seen.size, EVENTS.length);
    },
  );

  test("what comes while no member is there is held", ["a"], async (bus, context) => {
    const first = await join(bus, "a", async () => {});
    if (first.subscription.backlog === undefined) return context.skip(OPTIONAL.backlog);
    await first.subscription.close();
    const [result] = await bus.publish(EVENTS);
    // Refused, it is in the outbox of its sender.
    const held = result?.accepted === true;
    assert.equal(held, bus.guarantees.durable);
    const { opened, open } = gate();
    const { seen, subscription } = await join(bus, "a", () => opened);
    const left = async () => subscription.backlog?.();
    await eventually("what was accepted is held", async () => ((await left()) !== 0) === held);
    open();
    await eventually("nothing is held any more", async () => (await left()) === 0);
    assert.equal(seen.size, held ? EVENTS.length : 0);
  });

  test("what a member rejects is held", ["a"], async (bus, context) => {
    let rejects = true;
    const { seen, subscription } = await join(bus, "a", async () => {
      if (rejects) throw new Error("not now");
    });
    const { backlog } = subscription;
    if (backlog === undefined) return context.skip(OPTIONAL.backlog);
    const left = () => backlog.call(subscription);
    const published = bus.publish(EVENTS);
    await eventually("each was rejected", () => seen.size === EVENTS.length);
    await eventually("they are held", async () => (await left()) > 0);
    rejects = false;
    await eventually("nothing is held any more", async () => (await left()) === 0);
    checkAccepted(await published);
  });

  test("each group has a backlog of its own", ["a", "b"], async (bus, context) => {
    const { opened, open } = gate();
    const a = await join(bus, "a", () => opened);
    const b = await join(bus, "b", async () => {});
    if (b.subscription.backlog === undefined) return context.skip(OPTIONAL.backlog);
    const published = bus.publish(EVENTS);
    await eventually("b has all", () => b.seen.size === EVENTS.length);
    await eventually("b is done", async () => (await b.subscription.backlog?.()) === 0);
    assert.notEqual(await a.subscription.backlog?.(), 0);
    open();
    checkAccepted(await published);
  });
}

async function join(
  bus: Bus,
  group: string,
  deliver: () => Promise<void>,
): Promise<{ readonly seen: ReadonlySet<string>; readonly subscription: Subscription }> {
  const seen = new Set<string>();
  const options = { group, topics: [TOPIC], inFlightMax: 3 };
  const subscription = await bus.subscribe(options, (incoming) => {
    seen.add("malformed" in incoming ? incoming.raw : incoming.id);
    return deliver();
  });
  return { seen, subscription };
}
