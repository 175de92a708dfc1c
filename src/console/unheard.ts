import { setImmediate } from "node:timers/promises";
import { type ListPlace, sagaPage } from "../observer/saga-list.ts";
import type { Desk } from "./desk.ts";
import { fieldsIn, textField } from "./fields.ts";
import { queryInvalid } from "./refusal.ts";
import { listQueryOf } from "./saga-pages.ts";

/** Sagas that a filter may choose at once. */
const CHOSEN_MAX = 100_000;
const PAGE_ROWS = 500;

/** Sagas with an event that a service never got, and which event of the one that is named. */
export interface UnheardSagas {
  readonly sagas: readonly string[];
  readonly event: string | undefined;
}

/** The unheard sagas that a request has chosen: one of them, or by a filter. */
export async function chosenUnheard(
  desk: Desk,
  fields: Readonly<Record<string, unknown>>,
): Promise<UnheardSagas> {
  const [saga, event] = [textField(fields, "saga"), textField(fields, "event")];
  const { filter } = fields;
  if ((saga === undefined) === (filter === undefined))
    throw queryInvalid("The body has either a saga or a filter.");
  if (saga !== undefined) return { sagas: [saga], event };
  if (event !== undefined) throw queryInvalid("event is the id of an event of the saga.");
  return { sagas: await filtered(desk, filter), event };
}

async function filtered({ projection }: Desk, filter: unknown): Promise<readonly string[]> {
  const fields = fieldsIn(filter, ["at", "event", "older", "correlation", "id"]);
  // An empty text is none, as in the query of a list.
  const text = (name: string) => textField(fields, name) || undefined;
  const query = listQueryOf({
    ...{ at: text("at"), event: text("event"), older: text("older") },
    ...{ correlation: text("correlation"), id: text("id") },
  });
  const found: string[] = [];
  let behind: ListPlace | undefined;
  do {
    const verdicts = ["unheard"] as const;
    const page = sagaPage(projection.sql, { ...query, verdicts, behind, limit: PAGE_ROWS });
    found.push(...page.sagas.map(({ id }) => id));
    behind = page.next;
    // A filter without an index looks at many sagas: other requests go on meanwhile.
    await setImmediate();
  } while (behind !== undefined && found.length < CHOSEN_MAX);
  return found;
}
