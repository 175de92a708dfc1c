/*
 * Follows the journals of the order saga as `odori console` does, and tells after each change which
 * verdicts it gives that no order may have while nothing is disturbed.
 */
import choreography from "../../examples/order/choreography.ts";
import { giveWay } from "../../src/cli/give-way.ts";
import { manifestOf } from "../../src/manifest/from-code.ts";
import { Follower } from "../../src/observer/follow.ts";
import { unexplained } from "../../src/observer/ledger.ts";
import { Observer } from "../../src/observer/observer.ts";
import { Projection } from "../../src/observer/projection.ts";
import { sagaPage } from "../../src/observer/saga-list.ts";
import { VERDICTS } from "../../src/observer/verdict.ts";
import { sourcesAt } from "../../test/chaos/observed.ts";

/** What the follower has seen since it was asked last. */
export interface SoakNews {
  /** What is not so: verdicts, and events that are not accounted for. */
  readonly alarms: readonly string[];
  /** How often it has looked for alarms. */
  readonly looks: number;
  readonly heapMib: number;
  readonly residentMib: number;
  readonly upTo: number | undefined;
}

/** What an order may be while it runs, and at its end. */
const EXPECTED: readonly string[] = ["running", "retrying", "succeeded", "undone"];
const SERVICES = ["order", "payment", "inventory", "shipping"];
const LOOK_MS = 100;
const MIB = 2 ** 20;

giveWay();
const [folder = "", file = ""] = process.argv.slice(2);
const projection = new Projection(file);
const sources = sourcesAt({ folder }, SERVICES);
const observer = new Observer({ sources, projection, ends: manifestOf(choreography) });
const follower = new Follower(observer, projection);
const alarms = new Set<string>();
let looks = 0;

function look(): void {
  const { progress } = follower;
  looks++;
  if (progress.problem !== undefined) alarms.add(`the observer has failed: ${progress.problem}`);
  for (const verdict of VERDICTS) {
    const n = projection.counts().get(verdict);
    if (n === undefined || EXPECTED.includes(verdict)) continue;
    const [one] = sagaPage(projection.sql, { limit: 1, verdicts: [verdict] }).sagas;
    alarms.add(`${n} sagas are ${verdict}, such as ${one?.id}`);
  }
  for (const line of projection.accounts(Date.now()))
    if (unexplained(line) !== 0) alarms.add(`not accounted for: ${JSON.stringify(line)}`);
}

process.on("message", async (asked) => {
  if (asked === "stop") {
    clearInterval(looking);
    await follower.stop();
    await Promise.all(sources.map((source) => source.close()));
    projection.close();
    process.disconnect();
    return;
  }
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  const news: SoakNews = {
    ...{ alarms: [...alarms], looks, upTo: follower.progress.upTo },
    ...{ heapMib: heapUsed / MIB, residentMib: rss / MIB },
  };
  alarms.clear();
  looks = 0;
  process.send?.(news);
});
process.once("disconnect", () => process.exit());
follower.start();
const looking = setInterval(look, LOOK_MS);
process.send?.("ready");
