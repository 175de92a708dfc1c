/*
 * Follows the journals of a contestant's services as `odori console` does, and tells how old each
 * row was when it was known.
 */
import type { JournalSource } from "odori/console";
import { postgresSource } from "odori/postgres";
import { sqliteSource } from "odori/sqlite";
import { giveWay } from "../../src/cli/give-way.ts";
import { Follower } from "../../src/observer/follow.ts";
import { Observer } from "../../src/observer/observer.ts";
import { Projection } from "../../src/observer/projection.ts";
import { SERVICES } from "../harness/contestant.ts";
import { percentile } from "../harness/statistics.ts";

/** What the follower says once it has been told to stop. */
export interface Followed {
  readonly rows: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of this process meanwhile. */
  readonly cpuMs: number;
}

giveWay();
const [folder = "", url = ""] = process.argv.slice(2);

/** A projection that notes the age of what it has committed. */
class Noting extends Projection {
  /** Times of rows that were read, and are not committed yet. */
  readonly read: number[] = [];
  readonly ages: number[] = [];

  override apply(...intake: Parameters<Projection["apply"]>): boolean {
    const applied = super.apply(...intake);
    const now = Date.now();
    const times = this.read.splice(0);
    if (applied) for (const at of times) this.ages.push(now - at);
    return applied;
  }
}

const projection = new Noting(`${folder}/followed.sqlite`);
const sources = SERVICES.map((name): JournalSource => {
  const source =
    url === ""
      ? sqliteSource(`${folder}/${name}.db`)
      : postgresSource({ connectionString: url, schema: name });
  return {
    inspect: source.inspect,
    isServed: source.isServed ?? false,
    about: () => source.about(),
    outbox: (limit) => source.outbox(limit),
    close: () => source.close(),
    async feed(after, limit) {
      const page = await source.feed(after, limit);
      for (const { at } of page.rows) projection.read.push(at);
      return page;
    },
  };
});
const follower = new Follower(new Observer({ sources, projection }), projection);
follower.start();
let before = process.cpuUsage();
const ready = setInterval(() => {
  if (follower.progress.upTo === undefined) return;
  clearInterval(ready);
  // What was written before is not counted.
  projection.ages.length = 0;
  before = process.cpuUsage();
  process.send?.("ready");
}, 10);
process.on("message", async () => {
  const { user, system } = process.cpuUsage(before);
  await follower.stop();
  await Promise.all(sources.map((source) => source.close()));
  const { ages } = projection;
  projection.close();
  const followed: Followed = {
    ...{ rows: ages.length, p50Ms: percentile(ages, 0.5), p99Ms: percentile(ages, 0.99) },
    cpuMs: (user + system) / 1_000,
  };
  process.send?.(followed);
  process.disconnect();
});
