import { describe, expect, it } from "vitest";
import { check } from "../../src/check/check.ts";
import { toManifest } from "../../src/manifest/read.ts";
import { mutantsOf } from "./mutants.ts";
import { SOUND } from "./sound.ts";

/*
 * Drops or changes one declaration after another. What the checker lets pass must be no worse than
 * what it was, for a reason that stands here, and as often as it stands here: one more is a hole in
 * the checker, or a reason that is missing.
 */
const EQUIVALENT: readonly {
  readonly reason: string;
  readonly survivor: RegExp;
  readonly times: number;
}[] = [
  {
    reason: "it ends the saga once, and so its mark bars nothing",
    survivor: anyOf(
      "order: stock\\.reserved.*: readonly$",
      "order: payment\\.charged.*: readonly$",
      "order: shipping\\.sent.*: readonly$",
      "order: all payment.*: readonly$",
      "order: left\\.taken\\.v1\\|right.*: readonly$",
      "shipping: stock\\.reserved.*: readonly$",
    ),
    times: 15,
  },
  {
    reason: "its effect is done only where nothing fails any more",
    survivor: anyOf(
      "(stock|shipping): payment\\.charged.*: readonly$",
      "(payment|left|right): order\\.placed.*: readonly$",
    ),
    times: 12,
  },
  { reason: "it reads only, and its effect is none", survivor: /mail: .*: readonly$/, times: 1 },
  {
    reason: "an effect more, which is kept on success, and no failure end exists",
    survivor: /first wins.*: without readonly$/,
    times: 3,
  },
  {
    reason: "what triggers the undo comes of the step alone: there is always something to undo",
    survivor: /: silent when there is nothing to undo$/,
    times: 26,
  },
  {
    reason: "the deadline may fire before it is called off as well, and once sees to that",
    survivor: /not called off by (payment\.charged|order\.completed)\.v1$/,
    times: 3,
  },
  {
    reason: "its inbox lets each message in once, and the undo is caused by the step",
    survivor: /: without fence$/,
    times: 41,
  },
  {
    reason: "what comes again is stopped by its fence, its join, its once or its max",
    survivor: /: without inbox$/,
    times: 31,
  },
  {
    reason: "what it fails with is what giving up emits",
    survivor: /parked delivery.*fails no longer payment\.declined\.v1$/,
    times: 1,
  },
  {
    reason: "its mark bars nothing, and it is done only where the saga succeeds",
    survivor: /(all keys|a parked deadline.*|younger than retention) \/ .*: without readonly$/,
    times: 5,
  },
  {
    reason: "one line is reserved, and released with all others",
    survivor: /all keys \/ stock: .*: (no longer hears order\.\w+_line_added\.v1|without keyed)$/,
    times: 3,
  },
  {
    reason: "no service has to remember the saga when the deadline passes",
    survivor: /parked deadline.*: after 31 days$/,
    times: 1,
  },
  {
    reason: "once decides, whichever comes first",
    survivor: /desk: deadline .*: not called off by desk\.approved\.v1$/,
    times: 2,
  },
  {
    reason: "without it the end is told in time, and nothing has to be accepted",
    survivor: /told early.*no longer hears stock\.sold_out\.v1$/,
    times: 1,
  },
  {
    reason: "no service depends on the mail",
    survivor: /mail: .*(dropped|no longer hears .*)$/,
    times: 3,
  },
];

/** Matches a survivor by the text behind the name of its choreography. */
function anyOf(...patterns: readonly string[]): RegExp {
  return new RegExp(`/ (${patterns.join("|")})`);
}

describe("what survives is equivalent", () => {
  it("each survivor has its reason", () => {
    const survivors: string[] = [];
    let mutants = 0;
    for (const { name, manifest } of SOUND) {
      for (const { what, manifest: mutant } of mutantsOf(manifest)) {
        mutants++;
        if (check(toManifest(mutant), { repairs: false }).ok) survivors.push(`${name} / ${what}`);
      }
    }
    expect(mutants).toBeGreaterThan(250);
    const unexplained = survivors.filter(
      (survivor) => !EQUIVALENT.some((entry) => entry.survivor.test(survivor)),
    );
    expect(unexplained).toEqual([]);
    const counted = EQUIVALENT.map(({ reason, survivor }) => [
      reason,
      survivors.filter((name) => survivor.test(name)).length,
    ]);
    expect(counted).toEqual(EQUIVALENT.map(({ reason, times }) => [reason, times]));
  });
});
