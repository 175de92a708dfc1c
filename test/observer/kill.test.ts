import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import choreography from "../../examples/order/choreography.ts";
import { files } from "../../examples/order/database.ts";
import { makeOrders } from "../../examples/order/orders.ts";
import { Shop } from "../../examples/order/shop.ts";
import { SqliteSource } from "../../src/adapters/sqlite/source.ts";
import { manifestOf } from "../../src/manifest/from-code.ts";
import { unexplained } from "../../src/observer/ledger.ts";
import { Observer } from "../../src/observer/observer.ts";
import { Projection } from "../../src/observer/projection.ts";
import { sagaPage } from "../../src/observer/saga-list.ts";
import { temporaryFolder } from "../support/scope.ts";
import { ROOT } from "../tidy/sources.ts";

const FLAGS = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];
const CHILD = join(ROOT, "test", "observer", "follow-child.ts");
const SERVICES = ["order", "payment", "inventory", "shipping"];
/** Orders that begin at each round of a child, so that they run while it reads. */
const BATCH = 40;
const KILLS = 4;
/** Rounds that a child finishes before it is killed. */
const ROUNDS = 8;
const VERDICTS: Readonly<Record<string, string>> = { completed: "succeeded", cancelled: "undone" };

/** Runs an observer, and kills it with -9 after some rounds. Returns what did not add up. */
async function killed(
  folder: string,
  file: string,
  onRound: () => void,
): Promise<readonly string[]> {
  const child = spawn(process.execPath, [...FLAGS, CHILD, folder, file], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    onRound();
    if (lines.length === ROUNDS) child.kill("SIGKILL");
  }
  await closed;
  expect(lines.length).toBeGreaterThanOrEqual(ROUNDS);
  return lines;
}

/** Catches up in this process. */
async function caughtUp(folder: string, file: string): Promise<Projection> {
  const projection = new Projection(file);
  const sources = SERVICES.map((name) => new SqliteSource(join(folder, `${name}.db`)));
  await new Observer({ sources, projection, ends: manifestOf(choreography) }).catchUp();
  await Promise.all(sources.map((source) => source.close()));
  return projection;
}

describe("an observer that is killed", { timeout: 600_000 }, () => {
  it("loses nothing, gives no false alarm, and is the same when built again", async () => {
    using folder = temporaryFolder("observer-kill");
    const databases = files(folder.path);
    const file = join(folder.path, "projection.sqlite");
    const shop = await Shop.open(
      { store: "sqlite", bus: "memory", data: folder.path },
      ...[databases, true],
    );
    try {
      await shop.open();
      let placed = 0;
      let running: Promise<unknown> = Promise.resolve();
      const more = () => {
        const orders = makeOrders(placed + 1, BATCH, 0.4);
        placed += BATCH;
        running = running.then(() => shop.run(orders, new AbortController().signal, () => {}));
      };
      const alarms: string[] = [];
      for (let n = 0; n < KILLS; n++) alarms.push(...(await killed(folder.path, file, more)));
      await running;
      expect(new Set(alarms)).toEqual(new Set(["[]"]));
      const projection = await caughtUp(folder.path, file);
      const states = await shop.states();
      const { sagas } = sagaPage(projection.sql, { limit: placed + 1 });
      const seen = sagas.map(({ id, verdict }) => [id, String(verdict)] as const);
      const oracle = [...states].map(([id, state]) => [id, VERDICTS[state]] as const);
      expect(seen.length).toBe(placed);
      expect(new Map<string, unknown>(seen)).toEqual(new Map<string, unknown>(oracle));
      expect(projection.accounts(Date.now()).map(unexplained).filter(Boolean)).toEqual([]);
      const again = await caughtUp(folder.path, ":memory:");
      expect(projection.dump()).toEqual(again.dump());
      projection.close();
      again.close();
    } finally {
      await shop.stop();
      await databases.close();
    }
  });
});
