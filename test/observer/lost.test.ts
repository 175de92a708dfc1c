import { join } from "node:path";
import { type Bus, start } from "odori";
import { memoryBus } from "odori/memory";
import { BusWatch } from "odori/observe";
import { sqlite, sqliteSource } from "odori/sqlite";
import { expect, it } from "vitest";
import { manifestOf } from "../../src/check/index.ts";
import { Follower } from "../../src/observer/follow.ts";
import { unexplained } from "../../src/observer/ledger.ts";
import { Observer } from "../../src/observer/observer.ts";
import { Projection } from "../../src/observer/projection.ts";
import { sagaRow } from "../../src/observer/saga-list.ts";
import shopping, { opened, shop } from "../cli/fixtures/shopping.ts";
import { odori } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping, temporaryFolder } from "../support/scope.ts";
import { silent } from "../support/stage.ts";

const LIMIT = { timeout: 300_000 };
const WAIT_MS = 120_000;

/** A bus that loses the events of one saga: they are acknowledged, and never delivered. */
function losing(bus: Bus, sagaId: string): Bus {
  return {
    guarantees: bus.guarantees,
    publish: (events) => bus.publish(events),
    subscribe: (options, deliver) =>
      bus.subscribe(options, async (incoming) => {
        if (!("malformed" in incoming) && incoming.sagaId === sagaId) return;
        await deliver(incoming);
      }),
    close: () => bus.close(),
  };
}

it("dropped-at-the-broker: the event is unheard, and not accounted for", LIMIT, async () => {
  using folder = temporaryFolder("lost");
  const path = join(folder.path, "payment.db");
  await using bus = closing(losing(memoryBus(["payment"]), "s-lost"));
  await using app = stopping(
    await start(shop, { store: sqlite(path), bus, logger: silent, pollMs: 5 }),
  );
  await app.begin("s-lost", () => opened({ orderId: "done" }));
  await app.begin("s-fine", () => opened({ orderId: "done" }));

  const projection = new Projection(":memory:");
  const sources = [sqliteSource(path)];
  const observer = new Observer({
    ...{ sources, projection, ends: manifestOf(shopping) },
    buses: new BusWatch({ commitMs: 1 }),
  });
  const follower = new Follower(observer, projection);
  follower.start();
  try {
    const seen = async () => Object.fromEntries(projection.counts());
    await eventually("it is lost", seen, { succeeded: 1, unheard: 1 }, WAIT_MS);
    const waits = sagaRow(projection.sql, "s-lost")?.waitsFor;
    expect(waits).toMatchObject({ state: "unheard", service: "payment" });
    const accounts = projection.accounts(Date.now());
    expect(accounts.map((line) => [line.stem, unexplained(line)])).toEqual([["order.opened", 1]]);
    const reply = await observer.judge(["s-lost"]);
    expect(reply.judged[0]?.summary.open).toMatchObject([{ state: "unheard", service: "payment" }]);
  } finally {
    await follower.stop();
    for (const source of sources) await source.close();
    projection.close();
  }
});

it("odori sagas and trace wait for the word of the bus, and say it", LIMIT, async () => {
  using folder = temporaryFolder("lost");
  await using bus = closing(losing(memoryBus(["payment"]), "s-lost"));
  const store = sqlite(join(folder.path, "payment.db"));
  await using app = stopping(await start(shop, { store, bus, logger: silent, pollMs: 5 }));
  await app.begin("s-lost", () => opened({ orderId: "done" }));
  const listed = async () => {
    const { out: stdout } = await odori(["sagas", "--state", "unheard", "--data", folder.path]);
    return /^s-lost +unheard +payment: order\.opened unheard/m.test(stdout);
  };
  await eventually("it is listed", listed, true, WAIT_MS);
  const { out: stdout } = await odori(["trace", "s-lost", "--data", folder.path]);
  expect(stdout).toContain("payment has never got order.opened");
  expect(stdout).toContain("odori republish s-lost");
});
