import { unexplained } from "../observer/ledger.ts";
import type { Desk } from "./desk.ts";
import type { LedgerReply } from "./wire.ts";

export function ledger({ projection, follower, observer }: Desk): LedgerReply {
  const lines = projection.accounts(Date.now()).map((line) => {
    const unread = observer.missingFor(line);
    // What one service has emitted or handled meanwhile is not known.
    if (unread.length > 0) return { ...line, unexplained: 0, unread };
    return { ...line, unexplained: unexplained(line) };
  });
  const sum = (of: (line: (typeof lines)[number]) => number) =>
    lines.reduce((total, line) => total + of(line), 0);
  return {
    emitted: sum(({ emitted }) => emitted),
    handled: sum(({ handled }) => handled),
    discarded: sum(({ discarded }) => discarded),
    putOff: sum(({ putOff }) => putOff),
    onItsWay: sum(({ onItsWay }) => onItsWay),
    unexplained: sum((line) => Math.abs(line.unexplained)),
    lines,
    complete:
      follower.progress.upTo !== undefined &&
      follower.progress.problem === undefined &&
      observer.away.length === 0,
  };
}
