import type { EventToRepublish } from "../observe/republish.ts";
import type { OpenDelivery as Open, ServiceHistory } from "../observe/summary.ts";
import { actionsOn } from "../observer/actions.ts";
import { type ListedRow, openRows, sagaRow } from "../observer/saga-list.ts";
import type { Judged } from "../observer/saga-rows.ts";
import type { SagaVerdict } from "../observer/verdict.ts";
import { shownActions } from "./actions.ts";
import type { Desk } from "./desk.ts";
import type { LookedInto } from "./foresight.ts";
import { outlookOf } from "./outlook.ts";
import { shownPayload } from "./payload.ts";
import { parametersIn, wholeIn } from "./query.ts";
import { ConsoleRefusal } from "./refusal.ts";
import { keptOf, missedIn } from "./republish.ts";
import { openOf, restsAtOf, sagaRowOf } from "./saga-pages.ts";
import { shownSteps, traced } from "./steps.ts";
import { Whereabouts } from "./whereabouts.ts";
import type { OpenDelivery, SagaReply } from "./wire.ts";

const ID_MAX = 256;
const STEPS_MAX = 20_000;
const WHY_MAX = 100;
const ACTIONS_MAX = 100;
const PAGE_SIZES = { least: 1, most: 2_000, standard: 500 };
const FROM = { least: 0, most: STEPS_MAX, standard: 0 };

/** Where one saga stands, what happened in it, and what may follow. Read from the journals now. */
export async function sagaReply(
  desk: Desk,
  id: string,
  { url, signal }: Request,
): Promise<SagaReply> {
  const { from, limit } = parametersIn(url, ["from", "limit"]);
  const begin = wholeIn(from, "from", FROM);
  const count = wholeIn(limit, "limit", PAGE_SIZES);
  const known = sagaRow(desk.projection.sql, id);
  if (known !== undefined && known.steps > STEPS_MAX) return longSaga(desk, known, begin, count);
  // Before the histories: an event that comes in between is not unheard.
  await desk.observer.lookAtBuses();
  let foreseen: LookedInto | undefined;
  const foresee = async (own: readonly ServiceHistory[]) => {
    foreseen = await desk.foresee(own, { signal });
    return foreseen.outlook;
  };
  const { judged, parts } =
    id.length > ID_MAX || id === "" ? NOTHING : await desk.observer.judge([id], { foresee });
  const [one] = judged;
  const own = parts.get(id) ?? [];
  if (one === undefined)
    throw new ConsoleRefusal(
      404,
      "SAGA_UNKNOWN",
      "No service that is read has anything of this saga.",
    );
  const { summary, unread, unnamed } = one;
  const { correlationId, began, last, steps: total, end, open, rests } = summary;
  const read = own.reduce((sum, { history }) => sum + history.journal.length, 0);
  const trace = traced(desk, own);
  const actions = actionsOn(desk.projection.sql, id, ACTIONS_MAX);
  // Without a part of what has happened it stands somewhere else.
  if (foreseen === undefined && unread.length === 0) await foresee(own);
  const [oldest] = open;
  return {
    saga: {
      ...{ id, verdict: verdictNow(one, known), began, last, steps: total, open: open.length },
      ...(correlationId !== id && { correlationId }),
      ...(end !== undefined && { end: end.type }),
      ...(oldest !== undefined && { waitsFor: openOf(oldest) }),
      ...(rests !== undefined && { rests: restsAtOf(rests) }),
      ...(unread.length + unnamed.length > 0 && { unread: [...unread, ...unnamed] }),
    },
    why: await why(desk, own, open.slice(0, WHY_MAX)),
    ...foreseenIn(foreseen),
    steps: shownSteps(desk, own, trace, actions).slice(begin, begin + count),
    stepsRead: trace.length,
    stepsTotal: Math.max(total, read),
    lanes: [...new Set(trace.map(({ service }) => service))],
    actions: shownActions(desk, actions),
  };
}

/** What is late follows from the time and from all sagas, which the projection knows. */
function verdictNow({ verdict, summary }: Judged, known: ListedRow | undefined): SagaVerdict {
  const isAsKnown = known?.last === summary.last && known.steps === summary.steps;
  return verdict === "running" && isAsKnown && known.verdict === "late" ? "late" : verdict;
}

/**
 * A saga with more steps than one reply should read: its first ones, and no outlook. The journals
 * are read with a limit, and where it stands is what the projection knows.
 */
async function longSaga(
  desk: Desk,
  row: ListedRow,
  begin: number,
  count: number,
): Promise<SagaReply> {
  const { id: sagaId, began: born, last, correlationId = sagaId } = row;
  const parts = await Promise.all(
    desk.services.map(async (service): Promise<ServiceHistory> => {
      const journal = await desk.observer.sourceOf(service)?.inspect.journal(sagaId, STEPS_MAX);
      const history = { sagaId, born, last, correlationId, journal: journal ?? [], deferred: [] };
      return { service, history };
    }),
  );
  const all = traced(desk, parts);
  const trace = all.slice(0, STEPS_MAX);
  const actions = actionsOn(desk.projection.sql, sagaId, ACTIONS_MAX);
  return {
    saga: sagaRowOf(row),
    why: openRows(desk.projection.sql, sagaId, WHY_MAX).map(openOf),
    steps: shownSteps(desk, parts, trace, actions).slice(begin, begin + count),
    stepsRead: trace.length,
    stepsTotal: row.steps,
    lanes: [...new Set(trace.map(({ service }) => service))],
    actions: shownActions(desk, actions),
  };
}

const NOTHING = {
  judged: [],
  parts: new Map<string, readonly ServiceHistory[]>(),
} as const;

/** What a saga waits for, with what only its own page tells. */
async function why(
  desk: Desk,
  parts: readonly ServiceHistory[],
  deliveries: readonly Open[],
): Promise<readonly OpenDelivery[]> {
  const missed = missedIn(desk, parts);
  const open = deliveries.map((one) => ({ ...openOf(one), ...missedOf(desk, one, missed) }));
  const places = await Whereabouts.of(desk, parts, open);
  return open.map((one) => {
    const row = parts
      .find(({ service }) => service === one.service)
      ?.history.deferred.find(({ seq }) => `${one.service}/${seq}` === one.id);
    if (row === undefined) return { ...one, ...places.of(one) };
    const { attempts, problem, body, type } = row;
    return {
      ...{ ...one, ...places.of(one) },
      attempts,
      ...(problem && { problem: { code: problem.code, message: problem.message } }),
      ...(desk.allowed.has("payloads") && { payload: shownPayload(body, type, desk.manifest) }),
    };
  });
}

function foreseenIn(
  foreseen: LookedInto | undefined,
): Pick<SagaReply, "outlook" | "outlookFailed"> {
  if (foreseen?.failed) return { outlookFailed: true };
  return foreseen?.outlook === undefined ? {} : { outlook: outlookOf(foreseen.outlook) };
}

function missedOf(
  desk: Desk,
  { state, eventId }: Open,
  missed: readonly EventToRepublish[],
): Pick<OpenDelivery, "missed"> {
  const event = missed.find(({ id }) => id === eventId);
  if (state !== "unheard" || event === undefined) return {};
  return { missed: { event: event.id, kept: keptOf(desk, event).length > 0 } };
}
