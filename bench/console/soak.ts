import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { files } from "../../examples/order/database.ts";
import { makeOrders } from "../../examples/order/orders.ts";
import { Shop } from "../../examples/order/shop.ts";
import { Projection } from "../../src/observer/projection.ts";
import { sagaPage } from "../../src/observer/saga-list.ts";
import { tableHead, tableRow } from "../harness/markdown.ts";
import type { SoakNews } from "./soak-follower.ts";

const PROGRAM = fileURLToPath(new URL("soak-follower.ts", import.meta.url));
const FLAGS = [
  ...["--expose-gc", "--conditions=odori-source", "--disable-warning=ExperimentalWarning"],
];
/** Orders that are placed together, once a second. */
const A_SECOND = 100;
const FAILING = 0.4;
const MINUTE_MS = 60_000;
const SHOWN_MAX = 10;
const VERDICTS: Readonly<Record<string, string>> = { completed: "succeeded", cancelled: "undone" };

/**
 * Runs orders for some minutes beside an observer that is never stopped, and prints for each minute
 * what it has said wrongly and the memory that it needs. Resolves to what was wrong in all.
 */
export async function soak(folder: string, minutes: number): Promise<readonly string[]> {
  const databases = files(folder);
  const shop = await Shop.open({ store: "sqlite", bus: "memory", data: folder }, databases, true);
  await shop.open();
  const file = join(folder, "soaked.sqlite");
  const child = fork(PROGRAM, [folder, file], { execArgv: FLAGS });
  await once(child, "message");
  const wrong: string[] = [];
  process.stdout.write(
    tableHead(["minute", "orders", "looks", "alarms", "heap, MiB", "resident, MiB"]),
  );
  try {
    let placed = 0;
    for (let minute = 1; minute <= minutes; minute++) {
      placed = await oneMinute(shop, placed);
      const { alarms, looks, heapMib, residentMib } = await newsOf(child);
      wrong.push(...alarms);
      const memory = [heapMib.toFixed(0), residentMib.toFixed(0)];
      process.stdout.write(tableRow([minute, placed, looks, alarms.length, ...memory]));
      for (const alarm of alarms) process.stderr.write(`${new Date().toISOString()} ${alarm}\n`);
    }
    await untilCurrent(child);
    const closed = once(child, "exit");
    child.send("stop");
    await closed;
    return [...wrong, ...(await wrongAtTheEnd(shop, file, placed))].slice(0, SHOWN_MAX);
  } finally {
    child.kill();
    await shop.stop();
    await databases.close();
  }
}

/** Places orders for a minute, each second some; returns how many were placed so far. */
async function oneMinute(shop: Shop, before: number): Promise<number> {
  const until = performance.now() + MINUTE_MS;
  let placed = before;
  while (performance.now() < until) {
    const next = setTimeout(1_000);
    const orders = makeOrders(placed + 1, A_SECOND, FAILING);
    placed += A_SECOND;
    await shop.run(orders, new AbortController().signal, () => {});
    await next;
  }
  return placed;
}

async function newsOf(child: ChildProcess): Promise<SoakNews> {
  const said = once(child, "message");
  child.send("news");
  const [news]: readonly SoakNews[] = await said;
  if (news === undefined) throw new Error("the observer has told nothing");
  return news;
}

/** Waits until the observer has all that the journals have. */
async function untilCurrent(child: ChildProcess): Promise<void> {
  const now = Date.now();
  while (((await newsOf(child)).upTo ?? 0) < now) await setTimeout(100);
}

/** Holds the last verdict of each order against the shop's own tables. */
async function wrongAtTheEnd(shop: Shop, file: string, placed: number) {
  const projection = new Projection(file);
  const { sagas } = sagaPage(projection.sql, { limit: placed + 1 });
  projection.close();
  const states = await shop.states();
  const seen = new Map<string, string>(sagas.map(({ id, verdict }) => [id, verdict]));
  return [...states].flatMap(([id, state]) =>
    VERDICTS[state] === seen.get(id) ? [] : [`${id} is ${state}, and is called ${seen.get(id)}`],
  );
}
