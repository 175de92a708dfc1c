import { type ProjectionSql, type StoredRow, textIn } from "./sql.ts";

/** What a person has done to a delivery. */
export interface PersonAction {
  readonly at: number;
  readonly action: "retry" | "discard" | "republish";
  /** `payment/3`; of `republish` the service and the id of the event. */
  readonly delivery: string;
  readonly sagaId: string | undefined;
  readonly reason: string | undefined;
  /** The code of an error, or `ACTION_UNFINISHED`; undefined if it was done. */
  readonly failed: string | undefined;
  /** Whether the delivery was retried later: then it had been parked again. */
  readonly followed: boolean;
  /** Of a retry: the reaction and the event that it was about; undefined of an older version. */
  readonly retried: RetriedDelivery | undefined;
}

/** Which event was delivered again, to which reaction. */
export interface RetriedDelivery {
  readonly reaction: string;
  /** The id of the event. */
  readonly event: string;
}

/** Older ones are forgotten. */
const KEPT_MAX = 100_000;

/** What an action is recorded with until it is over. */
const UNFINISHED = "ACTION_UNFINISHED";

/**
 * Records an action before it is done, so that none is without its record. Returns a function that
 * records how it ended: with the code of an error, or with undefined.
 */
export function recordAction(
  sql: ProjectionSql,
  { at, action, delivery, sagaId, reason }: Omit<PersonAction, "failed" | "followed" | "retried">,
): (failed: string | undefined, retried?: RetriedDelivery) => void {
  sql.run(
    "INSERT INTO action (at, action, delivery, saga, reason, failed) VALUES (?, ?, ?, ?, ?, ?)",
    ...[at, action, delivery, sagaId ?? null, reason ?? null, UNFINISHED],
  );
  const id = Number(sql.first("SELECT last_insert_rowid() AS id")?.id);
  sql.run("DELETE FROM action WHERE id <= ?", id - KEPT_MAX);
  return (failed, retried) => {
    const { reaction, event }: Partial<RetriedDelivery> = retried ?? {};
    const text = "UPDATE action SET failed = ?, reaction = ?, event = ? WHERE id = ?";
    sql.run(text, failed ?? null, reaction ?? null, event ?? null, id);
  };
}

const LISTED = `SELECT *, EXISTS (SELECT 1 FROM action AS later
    WHERE later.delivery = action.delivery AND later.action = 'retry' AND later.id > action.id
      AND later.failed IS NULL)
  AS followed FROM action`;

/** Lists actions, the last first. */
export function listActions(sql: ProjectionSql, limit: number): readonly PersonAction[] {
  return sql.all(`${LISTED} ORDER BY id DESC LIMIT ?`, limit).map(actionIn);
}

/** Lists what people have done to one saga, the last first. */
export function actionsOn(
  sql: ProjectionSql,
  sagaId: string,
  limit: number,
): readonly PersonAction[] {
  return sql.all(`${LISTED} WHERE saga = ? ORDER BY id DESC LIMIT ?`, sagaId, limit).map(actionIn);
}

/** When some deliveries were last retried here: milliseconds since 1970. */
export function retriedAt(
  sql: ProjectionSql,
  deliveries: readonly string[],
): ReadonlyMap<string, number> {
  const rows = sql.all(
    `SELECT delivery, max(at) AS at FROM action
     WHERE action = 'retry' AND failed IS NULL
       AND delivery IN (SELECT value FROM json_each(?)) GROUP BY delivery`,
    JSON.stringify(deliveries),
  );
  return new Map(rows.map(({ delivery, at }) => [textIn(delivery) ?? "", Number(at)]));
}

const ACTIONS: readonly PersonAction["action"][] = ["retry", "discard", "republish"];

function actionIn(row: StoredRow): PersonAction {
  return {
    at: Number(row.at),
    action: ACTIONS.find((one) => one === row.action) ?? "retry",
    delivery: textIn(row.delivery) ?? "",
    sagaId: textIn(row.saga),
    reason: textIn(row.reason),
    failed: textIn(row.failed),
    followed: row.followed === 1,
    retried: retriedIn(row),
  };
}

function retriedIn(row: StoredRow): RetriedDelivery | undefined {
  const [reaction, event] = [textIn(row.reaction), textIn(row.event)];
  return reaction === undefined || event === undefined ? undefined : { reaction, event };
}
