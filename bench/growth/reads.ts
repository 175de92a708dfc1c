import type { Store } from "odori";
import { median } from "../harness/statistics.ts";

/** How often each read is made. */
const TIMES = 15;

/** One read of the inspection, and how long it took: median and worst, in milliseconds. */
export interface Read {
  readonly name: string;
  readonly ms: number;
  readonly worst: number;
}

/** Makes the reads of commands, pages and health among the rows that are there. */
export async function timeReads({ inspect }: Store<unknown>): Promise<readonly Read[]> {
  const page = await inspect.list({ limit: 50 });
  const [newest] = page;
  const oldest = page.at(-1);
  if (newest === undefined || oldest === undefined) throw new Error("there are no sagas");
  const { sagaId } = newest;
  const week = { born: newest.born - 3 * 604_800_000, sagaId };
  const reads: Readonly<Record<string, () => Promise<unknown>>> = {
    "the 50 newest sagas": () => inspect.list({ limit: 50 }),
    "a page three weeks ago": () => inspect.list({ limit: 50, before: week }),
    "those of a correlation id": () =>
      inspect.list({ limit: 50, among: { correlationId: sagaId } }),
    "those with a parked delivery": () =>
      inspect.list({ limit: 50, among: { states: ["parked"] } }),
    "50 histories": () => inspect.histories(page.map((place) => place.sagaId)),
    "the journal of one": () => inspect.journal(sagaId),
    "100 parked deliveries": () => inspect.deferred(["parked"], 100),
    "the counts": () => inspect.counts(),
  };
  const measured: Read[] = [];
  for (const [name, read] of Object.entries(reads)) {
    const times: number[] = [];
    for (let time = 0; time < TIMES; time++) {
      const began = performance.now();
      await read();
      times.push(performance.now() - began);
    }
    measured.push({ name, ms: median(times), worst: Math.max(...times) });
  }
  return measured;
}
