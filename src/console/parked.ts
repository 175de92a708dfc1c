import {
  countParked,
  groupParked,
  listParked,
  type ParkedEntry,
  type ParkedPlace,
} from "../observer/parked-list.ts";
import type { Deferred } from "../ports/deferred.ts";
import type { Desk } from "./desk.ts";
import { payloadOf } from "./payload.ts";
import { countIn, parametersIn } from "./query.ts";
import { queryInvalid } from "./refusal.ts";
import type { ParkedGroupsReply, ParkedReply, ParkedRow } from "./wire.ts";

const LIMITS = { least: 1, most: 500, standard: 100 };
const GROUPS_MAX = 500;

export async function parked(desk: Desk, url: string): Promise<ParkedReply> {
  const {
    limit: text,
    after,
    ...filter
  } = parametersIn(url, [...(["service", "reaction", "code", "limit", "after"] as const)]);
  const limit = countIn(text, "limit", LIMITS);
  const rows = listParked(desk.projection.sql, filter, placeIn(after), limit);
  const bodies = desk.allowed.has("payloads") ? await bodiesOf(desk, rows) : new Map();
  const last = rows.length < limit ? undefined : rows.at(-1);
  return {
    parked: rows.map((row) => rowOf(desk, row, bodies.get(idOf(row)))),
    ...(last !== undefined && { next: placeText(last) }),
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
    ...{ id: idOf(entry), service, reaction, sagaId, type, attempts, since },
    ...(code !== "" && { problem: { code, message } }),
    ...(row !== undefined && { payload: payloadOf(row.body, type, desk.manifest) }),
  };
}

function idOf({ service, seq }: Pick<ParkedEntry, "service" | "seq">): string {
  return `${service}/${seq}`;
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
        deferred.map((row) => [idOf({ service, seq: row.seq }), row] as const),
      );
    }),
  );
  return new Map(found.flat());
}

function placeText({ since, service, seq }: ParkedPlace): string {
  return `${since}.${seq}.${Buffer.from(service).toString("base64url")}`;
}

function placeIn(text: string | undefined): ParkedPlace | undefined {
  if (text === undefined) return undefined;
  const [, since, seq, service] = /^(\d{1,16})\.(\d{1,16})\.([\w-]*)$/.exec(text) ?? [];
  if (service === undefined) throw queryInvalid("after is not a place.");
  return {
    since: Number(since),
    seq: Number(seq),
    service: Buffer.from(service, "base64url").toString(),
  };
}
