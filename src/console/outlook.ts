import type { Doubts, Outlook as Foreseen } from "../check/from-here/from-here.ts";
import type { Ahead as Looked } from "../check/from-here/look-ahead.ts";
import type { Ahead, Outlook } from "./wire.ts";

/** Most names, steps and rules in one list. */
const SHOWN_MAX = 200;

export function outlookOf(foreseen: Foreseen): Outlook {
  const { ahead, ifRetried, ifDiscarded, next, cannot, types, endsKnown, doubts } = foreseen;
  return {
    ahead: aheadOf(ahead),
    ...(ifRetried && { ifRetried: aheadOf(ifRetried) }),
    ...(ifDiscarded && { ifDiscarded: aheadOf(ifDiscarded) }),
    next: next.slice(0, SHOWN_MAX).map(({ service, name, hears, outcomes }) => ({
      ...(service !== undefined && { service }),
      ...(name !== undefined && { name }),
      ...(hears !== undefined && { hears }),
      outcomes: outcomes.map(({ kind, emits, follows, rest }) => ({
        ...{ kind, emits, follows: follows.slice(0, SHOWN_MAX) },
        ...(rest !== undefined && { rest }),
      })),
    })),
    ...{ cannot, types, endsKnown },
    doubts: doubtsIn(doubts),
  };
}

function aheadOf({ states, complete, events, good, bad, violations }: Looked): Ahead {
  return {
    ...{ states, complete, events, good, bad },
    violations: violations.slice(0, SHOWN_MAX).map(({ code, message }) => ({ code, message })),
  };
}

function doubtsIn({ keyed, moreKeys, strangers, unknownParts, unread }: Doubts): readonly string[] {
  const list = (names: readonly string[]) => names.slice(0, 8).join(", ");
  return [
    [unread, "no database of # was read"] as const,
    [strangers, "no journal says what emitted #"] as const,
    [unknownParts, "the choreography does not have #"] as const,
    [keyed, "of effects with a key two are told apart: #"] as const,
    [moreKeys, "this saga has more keys of #"] as const,
  ].flatMap(([names, text]) => (names.length === 0 ? [] : [text.replace("#", () => list(names))]));
}
