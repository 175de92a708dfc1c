import {
  countParkedAmong,
  listParked,
  type ParkedEntry,
  parkedEntry,
} from "../observer/parked-list.ts";
import type { Desk } from "./desk.ts";
import { fieldsIn, textField } from "./fields.ts";
import { deliveryNamed } from "./query.ts";
import { queryInvalid } from "./refusal.ts";

/** Ids in one request. */
const IDS_MAX = 1_000;
/** Deliveries that a filter may choose at once. */
const CHOSEN_MAX = 100_000;

/** The deliveries that a request has chosen, by ids or by a filter. */
export function chosenIn(
  desk: Desk,
  { ids, filter }: Readonly<Record<string, unknown>>,
): readonly ParkedEntry[] {
  if ((ids === undefined) === (filter === undefined))
    throw queryInvalid("The body has either ids or a filter.");
  if (ids !== undefined) return entriesOf(desk, ids);
  const fields = fieldsIn(filter, ["service", "reaction", "code"]);
  return listParked(
    desk.projection.sql,
    {
      service: textField(fields, "service"),
      reaction: textField(fields, "reaction"),
      code: textField(fields, "code"),
    },
    undefined,
    CHOSEN_MAX,
  );
}

function entriesOf(desk: Desk, ids: unknown): readonly ParkedEntry[] {
  if (!Array.isArray(ids) || ids.length === 0 || ids.length > IDS_MAX)
    throw queryInvalid(`ids is a list of 1 to ${IDS_MAX} ids.`);
  return [...new Set<unknown>(ids)].map((id) => {
    const named = typeof id === "string" ? deliveryNamed(id) : undefined;
    if (named === undefined) throw queryInvalid("An id is <service>/<number>, such as payment/3.");
    const { service, seq } = named;
    // The journal decides whether it is parked: the projection may be behind.
    return parkedEntry(desk.projection.sql, service, seq) ?? { ...UNKNOWN, service, seq };
  });
}

const UNKNOWN = {
  ...{ sagaId: "", reaction: "", type: "", since: 0, attempts: 0, code: "", message: "" },
} as const;

export function deliveryId({ service, seq }: Pick<ParkedEntry, "service" | "seq">): string {
  return `${service}/${seq}`;
}

/** How many of some deliveries are parked now, as far as the projection knows. */
export function parkedAmong({ projection }: Desk, ids: readonly string[]): number {
  const named = ids.flatMap((id) => deliveryNamed(id) ?? []);
  const services = Map.groupBy(named, ({ service }) => service);
  return [...services].reduce((sum, [service, own]) => {
    const seqs = own.map(({ seq }) => seq);
    return sum + countParkedAmong(projection.sql, service, seqs);
  }, 0);
}
