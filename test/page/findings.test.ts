import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  ACTIONS_JA,
  ASSUMPTIONS_JA,
  doubtJa,
  FINDINGS_JA,
  reasonJa,
} from "../../page/words/findings-ja.ts";
import type { Assumption } from "../../src/check/assumptions.ts";
import { BEHAVIOUR } from "../../src/check/catalogue/behaviour.ts";
import { DECLARED } from "../../src/check/catalogue/declared.ts";
import type { TraceAction } from "../../src/check/finding.ts";
import { ROOT } from "../support/command.ts";

/** Each action once: another one is an error of types here. */
const ACTIONS: Readonly<Record<TraceAction, true>> = {
  ...{ begins: true, arrives: true, does: true, refuses: true, undoes: true },
  ...{ "has nothing to undo": true, "is late": true, "suppresses it": true },
  ...{ "waits for more": true, "gives up": true, "has forgotten the saga": true },
  ...{ "arms a deadline": true, "calls a deadline off": true, "has waited too long": true },
  ...{ "drops a deadline": true, "takes it": true, starts: true, stops: true },
};
const ASSUMPTIONS: Readonly<Record<Assumption["code"], true>> = {
  ...{ NOTHING_PARKED: true, TWO_KEYS: true, WITHIN_RETENTION: true, OTHER_BEGINNINGS: true },
};
const JAPANESE = /[ぁ-んァ-ヶ一-龠]/;

describe("the checker in Japanese", () => {
  it("has a meaning and a hint for each code that a proof can find, and for no other", () => {
    const codes = [...Object.keys(BEHAVIOUR), ...Object.keys(DECLARED)];
    expect(Object.keys(FINDINGS_JA).sort()).toEqual(codes.sort());
    for (const text of Object.values(FINDINGS_JA).flat()) expect(text).toMatch(JAPANESE);
  });

  it("has a text for each condition under which a proof holds", () => {
    expect(Object.keys(ASSUMPTIONS_JA).sort()).toEqual(Object.keys(ASSUMPTIONS).sort());
    for (const text of Object.values(ASSUMPTIONS_JA)) expect(text).toMatch(JAPANESE);
  });

  it("has a word for each step of a counterexample", () => {
    expect(Object.keys(ACTIONS_JA).sort()).toEqual(Object.keys(ACTIONS).sort());
  });

  it.each([
    ["it waits behind a parked delivery", "保留中の配信の後ろ"],
    ["payment.charged is done already", "payment.charged は実行済み"],
    ["payment.charged was undone", "payment.charged は取り消し済み"],
    ["the undo of payment.charged came first", "payment.charged の取り消しが先に来た"],
    ['"end" is taken', "「end」はほかが取得済み"],
    ["it has run 3 times", "3 回実行済み"],
    ["what is not known", "what is not known"],
  ])("a step is suppressed because %s", (english, japanese) => {
    expect(reasonJa(english)).toBe(japanese);
  });

  it("says why an outlook is not certain", () => {
    const outlook = readFileSync(join(ROOT, "src", "console", "outlook.ts"), "utf8");
    const doubts = [...outlook.matchAll(/, "([^"]*#[^"]*)"\] as const/g)].map(([, text = ""]) =>
      text.replace("#", "stock"),
    );
    expect(doubts).toHaveLength(5);
    for (const doubt of doubts) expect(doubtJa(doubt)).toMatch(JAPANESE);
    expect(doubtJa("another one")).toBe("another one");
  });
});
