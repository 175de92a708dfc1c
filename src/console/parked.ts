import { retriedAt } from "../observer/actions.ts";
import {
  countParked,
  groupParked,
  listParked,
  type ParkedEntry,
  type ParkedPlace,
} from "../observer/parked-list.ts";
import type { Deferred } from "../ports/deferred.ts";
import { deliveryId } from "./chosen.ts";
import type { Desk } from "./desk.ts";
import { shownPayload } from "./payload.ts";
import { parametersIn, wholeIn } from "./query.ts";
import { queryInvalid } from "./refusal.ts";
import type { ParkedGroupsReply, ParkedReply, ParkedRow } from "./wire.ts";

const PAGE_SIZES = { least: 1, most: 500, standard: 100 };
const GROUPS_MAX = 500;

export async function parkedReply(desk: Desk, url: string): Promise<ParkedReply> {
  const {
    limit: text,
    after,
    ...filter
  } = parametersIn(url, [...(["service", "reaction", "code", "limit", "after"] as const)]);
  const limit = wholeIn(text, "limit", PAGE_SIZES);
  const rows = listParked(desk.projection.sql, filter, parkedPlaceIn(after), limit);
  const bodies = desk.allowed.has("payloads") ? await bodiesOf(desk, rows) : new Map();
  const retried = retriedAt(desk.projection.sql, rows.map(deliveryId));
  const last = rows.length < limit ? undefined : rows.at(-1);
  return {
    parked: rows.map((row) => ({
      ...rowOf(desk, row, bodies.get(deliveryId(row))),
      ...retriedOf(retried.get(deliveryId(row))),
    })),
    ...(last !== undefined && { next: parkedPlaceText(last) }),
    total: countParked(desk.projection.sql, filter),
  };
}

export function parkedGroups(desk: Desk): ParkedGroupsReply {
  const groups = groupParked(desk.projection.sql, GROUPS_MAX);
  return { groups, total: countParked(desk.projection.sql, {}) };
}

function rowOf(desk: Desk, entry: ParkedEntry, row: Deferred | undefined): ParkedRow {
  const { service, reaction, sagaId, type, attempts, since, code, message } = entry;
  return {
    ...{ id: deliveryId(entry), service, reaction, sagaId, type, attempts, since },
    ...(code !== "" && { problem: { code, message } }),
    ...(row !== undefined && { payload: shownPayload(row.body, type, desk.manifest) }),
  };
}

function retriedOf(at: number | undefined): Pick<ParkedRow, "retried"> {
  return at === undefined ? {} : { retried: at };
}

/** Payloads are not in the projection: they are read of the sagas of one page. */
async function bodiesOf(
  desk: Desk,
  rows: readonly ParkedEntry[],
): Promise<ReadonlyMap<string, Deferred>> {
  const groups = Map.groupBy(rows, ({ service }) => service);
  const found = await Promise.all(
    [...groups].map(async ([service, own]) => {
      const ids = [...new Set(own.map(({ sagaId }) => sagaId))].filter((id) => id !== "");
      const histories = await desk.observer.sourceOf(service)?.inspect.histories(ids);
      return (histories ?? []).flatMap(({ deferred }) =>
        deferred.map((row) => [deliveryId({ service, seq: row.seq }), row] as const),
      );
    }),
  );
  return new Map(found.flat());
}

function parkedPlaceText({ since, service, seq }: ParkedPlace): string {
  return `${since}.${seq}.${Buffer.from(service).toString("base64url")}`;
}

function parkedPlaceIn(text: string | undefined): ParkedPlace | undefined {
  if (text === undefined) return undefined;
  const [, since, seq, service] = /^(\d{1,16})\.(\d{1,16})\.([\w-]*)$/.exec(text) ?? [];
  if (service === undefined) throw queryInvalid("after is not a place.");
  return {
    since: Number(since),
    seq: Number(seq),
    service: Buffer.from(service, "base64url").toString(),
  };
}
