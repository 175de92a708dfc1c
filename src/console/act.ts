import { codeOf } from "../contract/errors.ts";
import { recordAction } from "../observer/actions.ts";
import type { ParkedEntry } from "../observer/parked-list.ts";
import type { Deferred } from "../ports/deferred.ts";
import { chosenIn, deliveryId, parkedAmong } from "./chosen.ts";
import type { Desk } from "./desk.ts";
import { fieldsIn, textField } from "./fields.ts";
import type { JobWork } from "./job-list.ts";
import { ConsoleRefusal, queryInvalid, storeAway } from "./refusal.ts";
import type { Job } from "./wire.ts";

type ParkedAction = "retry" | "discard";

const PER_SECOND = { least: 0.1, most: 1_000, standard: 10 } as const;

/** Begins to retry what a request has chosen. */
export function beginRetry(desk: Desk, body: unknown): Job {
  allow(desk, "retry");
  const fields = fieldsIn(body, ["ids", "filter", "perSecond", "ramp"]);
  return beginJob(desk, "retry", chosenIn(desk, fields), { ...paceIn(fields), reason: undefined });
}

/** Begins to discard what a request has chosen. */
export function beginDiscard(desk: Desk, body: unknown): Job {
  allow(desk, "discard");
  const fields = fieldsIn(body, ["ids", "filter", "reason"]);
  const reason = textField(fields, "reason")?.trim() ?? "";
  if (reason === "") throw queryInvalid("reason says why the deliveries need no handling.");
  const pace = { perSecond: PER_SECOND.most, ramp: false, reason };
  return beginJob(desk, "discard", chosenIn(desk, fields), pace);
}

/** How fast a job goes. Throws `QUERY_INVALID`. */
export function paceIn({
  perSecond = PER_SECOND.standard,
  ramp = true,
}: Readonly<Record<string, unknown>>): Pick<JobWork, "perSecond" | "ramp"> {
  if (typeof perSecond !== "number" || !isWithin(perSecond))
    throw queryInvalid(`perSecond is a number from ${PER_SECOND.least} to ${PER_SECOND.most}.`);
  if (typeof ramp !== "boolean") throw queryInvalid("ramp is true or false.");
  return { perSecond, ramp };
}

function isWithin(rate: number): boolean {
  return rate >= PER_SECOND.least && rate <= PER_SECOND.most;
}

/** Throws `NOT_ALLOWED` if the console may not do this. */
export function allow(desk: Desk, action: "retry" | "discard"): void {
  if (!desk.allowed.has(action))
    throw new ConsoleRefusal(
      403,
      "NOT_ALLOWED",
      `The console does not allow to ${action} deliveries.`,
    );
}

interface JobPace extends Pick<JobWork, "perSecond" | "ramp"> {
  readonly reason: string | undefined;
}

function beginJob(
  desk: Desk,
  action: ParkedAction,
  chosen: readonly ParkedEntry[],
  pace: JobPace,
): Job {
  const { perSecond, ramp, reason } = pace;
  const entries = new Map(chosen.map((entry) => [deliveryId(entry), entry]));
  return desk.jobs.begin({
    ...{ action, perSecond, ramp, ids: [...entries.keys()] },
    act: async (id) => {
      const entry = entries.get(id);
      if (entry !== undefined) await actOn(desk, action, entry, reason);
    },
    parkedAgain: (ids) => (action === "retry" ? parkedAmong(desk, ids) : 0),
  });
}

/** Does one action, with its record before and after. */
async function actOn(
  desk: Desk,
  action: ParkedAction,
  entry: ParkedEntry,
  reason: string | undefined,
): Promise<void> {
  const { sagaId } = entry;
  const finish = recordAction(desk.projection.sql, {
    ...{ at: Date.now(), action, delivery: deliveryId(entry), reason },
    sagaId: sagaId === "" ? undefined : sagaId,
  });
  let row: Deferred;
  try {
    row = await acted(desk, action, entry, reason);
  } catch (error) {
    finish(codeOf(error));
    throw error;
  }
  try {
    // A discard is in the feed, a retry is not.
    await desk.observer.readFeeds();
    await desk.observer.look([row.sagaId]);
  } finally {
    // Not before: it would look as if the delivery was parked again.
    const { reaction, id: event } = row;
    finish(undefined, action === "retry" ? { reaction, event } : undefined);
  }
}

function acted(
  { observer }: Desk,
  action: ParkedAction,
  { service, seq }: ParkedEntry,
  reason = "",
): Promise<Deferred> {
  const inspect = observer.sourceOf(service)?.inspect;
  if (observer.away.some((one) => one.service === service)) throw storeAway();
  if (inspect === undefined) throw queryInvalid("No such service is read.");
  return action === "retry" ? inspect.retry(seq) : inspect.discard(seq, reason);
}
