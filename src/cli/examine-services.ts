import { type Diagnosis, verdict } from "../adapter/diagnosis.ts";
import type { OpenDelivery } from "../observe/summary.ts";
import { agoText } from "./ago.ts";
import { type Found, withStores } from "./data.ts";
import type { StorePlace } from "./place.ts";
import { SagaReader, sagaPages } from "./saga-pages.ts";

/** Most sagas that are read: those that began last. */
const SAGAS_MAX = 2_000;
/** A process that runs takes what is on its way within this time, in milliseconds. */
const LATE_MS = 60_000;
/** A process may have been replaced a moment ago, in milliseconds. */
const AWAY_MS = 5_000;

/**
 * Says of each service how many processes it has, and what waits for them: on the bus, in the
 * outboxes of other services, or put off. The databases tell, on any bus.
 */
export async function examineServices(place: StorePlace): Promise<readonly Diagnosis[]> {
  try {
    return await withStores(place, examine);
  } catch {
    // A database that cannot be read is a finding of its own.
    return [];
  }
}

async function examine(found: readonly Found[]): Promise<readonly Diagnosis[]> {
  const waiting = await waitingIn(found);
  const now = Date.now();
  return Promise.all(
    found.map(async ({ service, store }) => {
      const { processes } = await store.inspect.counts({ deferred: false });
      const own = waiting.filter((one) => one.service === service);
      const oldestMs = Math.max(0, ...own.map(({ since }) => now - since));
      const running = processes === 0 ? "no process" : `${processes} running`;
      const waits = own.length === 0 ? "" : `, ${own.length} waiting for ${agoText(oldestMs)}`;
      const fine = own.length === 0 || oldestMs < (processes === 0 ? AWAY_MS : LATE_MS);
      const level = processes === 0 ? "error" : "warning";
      return verdict(service, fine, level, `${running}${waits}`);
    }),
  );
}

const WAITING: readonly OpenDelivery["state"][] = ["on its way", "unheard", "retrying"];

async function waitingIn(found: readonly Found[]): Promise<readonly OpenDelivery[]> {
  const waiting: OpenDelivery[] = [];
  let examined = 0;
  for await (const page of sagaPages(found, {}, await SagaReader.of(found, undefined))) {
    for (const { summary } of page)
      waiting.push(...summary.open.filter(({ state }) => WAITING.includes(state)));
    examined += page.length;
    if (examined >= SAGAS_MAX) break;
  }
  return waiting;
}
