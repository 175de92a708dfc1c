import { listActions, type PersonAction } from "../observer/actions.ts";
import { parkedEntry } from "../observer/parked-list.ts";
import type { Desk } from "./desk.ts";
import { deliveryNamed } from "./query.ts";
import type { Action, ActionsReply } from "./wire.ts";

const SHOWN_MAX = 500;

export function actionsReply(desk: Desk): ActionsReply {
  return { actions: shownActions(desk, listActions(desk.projection.sql, SHOWN_MAX)) };
}

/** Actions as the page shows them, each with what has become of it. */
export function shownActions(desk: Desk, actions: readonly PersonAction[]): readonly Action[] {
  return actions.map((one) => {
    const { delivery, sagaId, reason, failed, at, action } = one;
    return {
      ...{ at, action, id: delivery },
      ...(sagaId !== undefined && { sagaId }),
      ...(reason !== undefined && { reason }),
      ...(failed !== undefined && { failed }),
      ...(isParkedAgain(desk, one) && { parkedAgain: true }),
    };
  });
}

function isParkedAgain({ projection }: Desk, one: PersonAction): boolean {
  const { action, failed, followed } = one;
  const named = deliveryNamed(one.delivery);
  if (action !== "retry" || failed !== undefined || named === undefined) return false;
  return followed || parkedEntry(projection.sql, named.service, named.seq) !== undefined;
}
