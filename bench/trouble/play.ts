import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type App, type EventEnvelope, event, service, start } from "odori";
import { checkAccepted } from "odori/adapter";
import { type MemoryBus, memoryBus } from "odori/memory";
import { z } from "zod";
import { percentile } from "../harness/statistics.ts";
import { audit, piecesOf } from "../harness/stock.ts";
import type { Shop } from "./shop.ts";

const payload = z.object({ n: z.number(), order: z.string(), sku: z.string() });
const placed = event("order.placed.v1", payload);
const reserved = event("inventory.reserved.v1", payload);
const soldOut = event("inventory.sold_out.v1", payload);

/** What goes wrong in a run, and in what it sells. */
export interface Trouble {
  readonly name: string;
  readonly orders: number;
  /** Articles; the orders take them in turn. */
  readonly articles: number;
  /** Pieces of each article. */
  readonly pieces: number;
  /** Running copies of the service, which compete for the rows. */
  readonly members?: number;
  /** Orders under way at once: 100, unless it says otherwise. */
  readonly inFlight?: number;
  /** Orders between two whose first attempt fails. */
  readonly failsEvery?: number;
  /** What one order of the run does, a tenth into it. */
  readonly one?: "hangs" | "takes 3 s" | "meets a locked row";
}

export interface Measured {
  readonly perSecond: number;
  /** CPU of this process for each order, in milliseconds. */
  readonly cpuMs: number;
  /** Of the orders without trouble, from the publication to the commit, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** Orders under way at once. */
const IN_FLIGHT = 100;
const LEASE_MS = 500;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** Sells with trouble, and audits the result. */
export async function play<Native>(shop: Shop<Native>, trouble: Trouble): Promise<Measured> {
  const singled = Math.floor(trouble.orders / 10);
  const troubled = (n: number) => trouble.one !== undefined && n === singled;
  const failed = new Set<string>();
  const inventory = service<Native>("inventory").on(placed, {
    emits: [reserved],
    fails: [soldOut],
    handle({ data }, { tx, signal }) {
      const { n } = data;
      const sell = () => {
        const taken = shop.take(tx, data.sku, data.order);
        const answer = (sold: boolean) => (sold ? reserved(data) : soldOut(data));
        return taken instanceof Promise ? taken.then(answer) : answer(taken);
      };
      if (trouble.failsEvery !== undefined && n % trouble.failsEvery === 0) {
        if (!failed.has(data.order)) {
          failed.add(data.order);
          throw new Error("the first attempt fails");
        }
      }
      if (troubled(n) && trouble.one === "hangs") return aborted(signal);
      if (troubled(n) && trouble.one === "takes 3 s") return sleep(3_000).then(sell);
      return sell();
    },
  });
  const members: { readonly app: App<Native, never>; readonly bus: MemoryBus }[] = [];
  for (let n = 0; n < (trouble.members ?? 1); n++) {
    const bus = memoryBus(["inventory"]);
    // A long first pause would be most of a short run.
    const retry = { firstMs: 5 };
    const options = { bus, store: shop.store(), logger: quiet, leaseMs: LEASE_MS, retry };
    members.push({ app: await start(inventory, options), bus });
  }
  // A member that starts beside another one writes deliveries down for as long as two leases.
  if (members.length > 1) await sleep(3 * LEASE_MS);
  const locked = `article ${singled % trouble.articles}`;
  const release = trouble.one === "meets a locked row" ? await shop.hold?.(locked) : undefined;
  const latencies: number[] = [];
  const publish = async (n: number) => {
    const began = performance.now();
    checkAccepted((await members[n % members.length]?.bus.publish([orderOf(n, trouble)])) ?? []);
    if (n % trouble.articles !== singled % trouble.articles || trouble.one === undefined)
      latencies.push(performance.now() - began);
  };
  const began = performance.now();
  const cpu = process.cpuUsage();
  let next = 0;
  let stuck: Promise<void> | undefined;
  const lane = async () => {
    for (let n = next++; n < trouble.orders; n = next++) {
      const done = publish(n);
      // What waits for the trouble is not waited for: the others are measured.
      if (trouble.one !== undefined && n % trouble.articles === singled % trouble.articles)
        stuck = Promise.all([stuck, done]).then(() => {});
      else await done;
    }
  };
  await Promise.all(Array.from({ length: trouble.inFlight ?? IN_FLIGHT }, lane));
  if (trouble.failsEvery !== undefined) await settled(members);
  const ms = performance.now() - began;
  const used = process.cpuUsage(cpu);
  await release?.();
  if (trouble.one !== "hangs") await stuck;
  if (trouble.one !== "hangs") await settled(members);
  for (const { app } of members) {
    const { deferred } = await app.inspect.counts();
    if ((deferred.parked ?? 0) > 0) throw new Error(`${deferred.parked} parked`);
  }
  await Promise.all(members.map(({ app }) => app.stop()));
  await Promise.all(members.map(({ bus }) => bus.close()));
  const sales = await shop.sales();
  audit(sales, piecesOf(trouble));
  const wanted = Math.min(trouble.orders, trouble.articles * trouble.pieces);
  const least = trouble.one === "hangs" ? wanted - trouble.orders / trouble.articles : wanted;
  if (sales.sold.length < least) throw new Error(`${sales.sold.length} sold of ${wanted}`);
  return {
    perSecond: (trouble.orders / ms) * 1_000,
    cpuMs: (used.user + used.system) / 1_000 / trouble.orders,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  };
}

async function settled<Native>(
  members: readonly { readonly app: App<Native, never> }[],
): Promise<void> {
  for (const { app } of members)
    while (Object.keys((await app.inspect.counts()).deferred).length > 0) await sleep(10);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function orderOf(n: number, { articles }: Trouble): EventEnvelope {
  // Random, as in life: ids in their order would touch few pages of an index.
  const order = randomUUID();
  return {
    specversion: "1.0",
    id: randomUUID(),
    type: placed.type,
    source: "/order",
    time: new Date().toISOString(),
    sagaId: order,
    correlationId: order,
    data: { n, order, sku: `article ${n % articles}` },
  };
}
