import type { RestingPlace } from "../observe/resting.ts";
import type { OpenDelivery as Open } from "../observe/summary.ts";
import { type ListedRow, type SagaListQuery, sagaPage } from "../observer/saga-list.ts";
import type { Desk } from "./desk.ts";
import {
  ageIn,
  listPlaceIn,
  listPlaceText,
  parametersIn,
  stemsIn,
  verdictsIn,
  wholeIn,
} from "./query.ts";
import type {
  OpenDelivery,
  RestsAt,
  SagaRow,
  SagasReply,
  UnheardFilter,
  VerdictCounts,
} from "./wire.ts";

const PAGE_SIZES = { least: 1, most: 500, standard: 100 };

export function sagas(desk: Desk, url: string): SagasReply {
  const { verdict, at, event, older, correlation, id, limit, after } = parametersIn(url, [
    ...(["verdict", "at", "event", "older", "correlation", "id", "limit", "after"] as const),
  ]);
  const page = sagaPage(desk.projection.sql, {
    ...listQueryOf({ at, event, older, correlation, id }),
    verdicts: verdictsIn(verdict),
    behind: listPlaceIn(after),
    limit: wholeIn(limit, "limit", PAGE_SIZES),
  });
  return {
    sagas: page.sagas.map(sagaRowOf),
    ...(page.next !== undefined && { next: listPlaceText(page.next) }),
    totals: totals(desk),
    forgets: desk.projection.forgotten > 0,
  };
}

/** Which sagas a filter has. Throws `QUERY_INVALID`. */
export function listQueryOf({
  at,
  event,
  older,
  correlation,
  id,
}: {
  readonly [K in keyof UnheardFilter]: string | undefined;
}): Omit<SagaListQuery, "verdicts" | "behind" | "limit"> {
  const age = ageIn(older);
  return {
    at,
    events: stemsIn(event),
    beganBy: age === undefined ? undefined : Date.now() - age,
    correlationId: correlation,
    prefix: id,
  };
}

export function totals({ projection }: Desk): VerdictCounts {
  return Object.fromEntries(projection.counts());
}

export function sagaRowOf(row: ListedRow): SagaRow {
  const { id, correlationId, verdict, began, last, steps, end, open, waitsFor, rests, unread } =
    row;
  return {
    ...{ id, verdict, began, last, steps, open },
    ...(correlationId !== undefined && { correlationId }),
    ...(end !== undefined && { end }),
    ...(waitsFor !== undefined && { waitsFor: openOf(waitsFor) }),
    ...(rests !== undefined && { rests: restsAtOf(rests) }),
    ...(unread.length > 0 && { unread }),
  };
}

/** An open delivery, as far as the projection knows it. */
export function openOf({ service, reaction, type, state, since, dueAt, seq }: Open): OpenDelivery {
  return {
    ...{ service, reaction, type, state, since },
    ...(dueAt !== undefined && { due: dueAt }),
    ...(seq !== undefined && { id: `${service}/${seq}` }),
  };
}

/** Where a saga came to rest, as far as it is known. */
export function restsAtOf({
  service,
  reaction,
  type,
  disposition,
  at: since,
  emitted,
}: Omit<RestingPlace, "emitted"> & Partial<RestingPlace>): RestsAt {
  return { service, reaction, type, disposition, since, ...(emitted && { emitted }) };
}
