import type { SagaEnds } from "../choreography/ends.ts";
import { BusWatch } from "../observe/bus-watch.ts";
import { hearersIn } from "../observe/hearers.ts";
import { type SagaState, type SagaSummary, summarize } from "../observe/summary.ts";
import type { Store } from "../ports/store.ts";

/** The database of a service, to be read. */
export interface ReadStore {
  readonly service: string;
  readonly store: Pick<Store<unknown>, "inspect" | "declarations">;
}

/** On one machine an event is committed as soon as it is written. */
const IN_PROCESS = { confirmsHandled: true, commitMs: 1_000 } as const;
const GOES_ON: readonly SagaState[] = ["running", "retrying", "waiting"];

/** Where the sagas stand that were written to last, at most `limit`. */
export async function sagasWrittenLast(
  stores: readonly ReadStore[],
  ends: SagaEnds | undefined,
  limit: number,
): Promise<readonly SagaSummary[]> {
  const lists = await Promise.all(stores.map(({ store }) => store.inspect.sagas(limit)));
  const sagaIds = [...new Set(lists.flat())];
  const hearers = await Promise.all(
    stores.map(async ({ service, store }) => hearersIn(service, await store.declarations.all())),
  );
  const reach = await new BusWatch(IN_PROCESS).look(stores);
  const parts = await Promise.all(
    stores.map(async ({ service, store }) =>
      (await store.inspect.histories(sagaIds)).map((history) => ({ service, history })),
    ),
  );
  return [...Map.groupBy(parts.flat(), ({ history }) => history.sagaId).values()]
    .flatMap((own) => summarize(own, { hearers, ends, reach }) ?? [])
    .sort((a, b) => b.last - a.last)
    .slice(0, limit);
}

/** How many sagas go on by themselves. */
export function goingOn(sagas: readonly SagaSummary[]): number {
  return sagas.filter(({ state }) => GOES_ON.includes(state)).length;
}
