import { describe, expect, it } from "vitest";
import { dev, rewrite, SAGA, sagaFolder } from "../support/dev-session.ts";

const LIMIT = { timeout: 600_000 };

describe("odori dev", () => {
  it("runs, checks, begins sagas, shows their steps, and says what is wrong", LIMIT, async () => {
    using folder = sagaFolder();
    await using session = await dev(folder.path);
    await session.shows("Running order, payment, stock");
    await session.shows("✓ every saga ends well");
    session.say("begin");
    await session.shows("cents  number");
    session.say('begin {"sku":"umbrella","cents":500}');
    await session.shows("payment  stock.sold_out  undone -> payment.refunded");
    await session.shows("✗ failed");
    session.say('begin order.placed.v1 {"sku":"fan","cents":500}');
    await session.shows("✓ succeeded");
    session.say("again");
    await session.shows("✓ succeeded", 2);
    session.say("sagas");
    await session.shows("failed     order.cancelled  5 steps");
    session.say('begin {"sku":1}');
    session.say("fault boom stock");
    session.say("dance");
    for (const one of ["PAYLOAD_INVALID", "FAULT_INVALID", '"dance" is not a command'])
      await session.warns(one);
    session.say("quit");
    const [status] = await session.ended;
    expect(status).toBe(0);
  });

  it("loads a changed module again, with its data: what was held goes on", LIMIT, async () => {
    using folder = sagaFolder();
    await using session = await dev(folder.path);
    await session.shows("Running order, payment, stock");
    session.say("fault hold stock");
    await session.shows("fault hold stock");
    session.say('begin {"sku":"fan","cents":500}');
    await session.shows("payment  order.placed  done -> payment.charged");
    rewrite(folder.path, SAGA.replace("on: [declined, refunded]", "on: [refunded]"));
    await session.shows("Running order, payment, stock, 1 saga resumed");
    await session.shows("✓ succeeded");
    // The change has a mistake, which the check finds.
    await session.shows("✗ STUCK");
    // The beginning is remembered beyond the process in which it was.
    session.say("again");
    await session.shows("✓ succeeded", 2);
  });

  it("does piped lines one after the other", LIMIT, async () => {
    using folder = sagaFolder();
    await using session = await dev(folder.path);
    session.say('begin {"sku":"fan","cents":500}\nagain\nfault hold stock/bogus.thing\nfaults');
    await session.shows("No faults.");
    expect(session.err).not.toContain("No saga was begun before");
    expect(session.err).toContain("payment.charged.v1");
    await session.shows("✓ succeeded", 2);
  });

  it("waits where a module cannot be loaded, and goes on once it can", LIMIT, async () => {
    using folder = sagaFolder();
    await using session = await dev(folder.path);
    await session.shows("Running order, payment, stock");
    rewrite(folder.path, "export default 1 +");
    await session.warns("The services have ended.");
    session.say("sagas");
    await session.warns("STOPPED");
    rewrite(folder.path, SAGA);
    await session.shows("Running order, payment, stock", 2);
  });

  it("a kill at a crash point loses nothing: the services start again", LIMIT, async () => {
    using folder = sagaFolder();
    await using session = await dev(folder.path);
    await session.shows("Running order, payment, stock");
    session.say("fault kill payment committed");
    await session.shows("fault kill payment committed");
    session.say('begin {"sku":"fan","cents":500}');
    await session.shows("Killed by a fault");
    await session.shows("Running order, payment, stock, 1 saga resumed");
    await session.shows("✓ succeeded");
  });

  it("ends its services with Ctrl-C, and when it is killed itself", LIMIT, async () => {
    using folder = sagaFolder();
    {
      await using session = await dev(folder.path);
      await session.shows("Running order, payment, stock");
      session.child.kill("SIGINT");
      const [status] = await session.ended;
      expect(status).toBe(0);
    }
    await using session = await dev(folder.path);
    await session.shows("Running order, payment, stock");
    // Its output ends with the last process that has it.
    session.child.kill("SIGKILL");
    const [, signal] = await session.ended;
    expect(signal).toBe("SIGKILL");
  });
});
