import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { movingPicture } from "../../scripts/picture/draw.ts";
import { recordOrder } from "../../scripts/picture/record.ts";
import { odori, ROOT } from "../support/command.ts";
import { blockOf, programFolder, traceLines, words } from "../support/page-program.ts";

const README = readFileSync(join(ROOT, "README.md"), "utf8");
const SAGA = blockOf(README, "ts");
const LINES_MAX = 25;

describe("the README", { timeout: 600_000 }, () => {
  it("has a saga of at most 25 lines, which prints the trace that is shown, and ends", async () => {
    expect(SAGA.trimEnd().split("\n").length).toBeLessThanOrEqual(LINES_MAX);
    using folder = programFolder("saga.ts", SAGA);
    const [npx, command, ...args] = words(blockOf(README, "", "An order of an umbrella"));
    expect([npx, command]).toEqual(["npx", "odori"]);
    const { status, out, err } = await odori(args, undefined, folder.path);
    expect({ status, err }).toEqual({ status: 0, err: "" });
    const shown = blockOf(README, "", "```\nRunning");
    expect(traceLines(out)).toEqual(traceLines(shown));
  });

  it("proves the saga, and refutes it without one word, as it says", async () => {
    using folder = programFolder("saga.ts", SAGA);
    const proved = await odori(["check", "saga.ts"], undefined, folder.path);
    expect(proved).toMatchObject({
      status: 0,
      out: expect.stringContaining("✓ every saga ends well"),
    });

    const [, word = "", whole = ""] = /the word `(\w+)` in `([^`]+)`/.exec(README) ?? [];
    const broken = SAGA.replace(whole, whole.replace(`${word}, `, ""));
    expect(broken).not.toBe(SAGA);
    using other = programFolder("saga.ts", broken);
    const { status, out } = await odori(["check", "saga.ts"], undefined, other.path);
    const shown = blockOf(README, "", "One word taken away");
    expect(shown.trimEnd().split("\n").length).toBeLessThanOrEqual(13);
    // From its first finding on, nothing is left out.
    const from = out.indexOf("✗");
    const printed = out.slice(from, from + shown.trimEnd().length);
    expect([status, printed]).toEqual([1, shown.trimEnd()]);
  });

  it("shows a picture of a run as it is today", async () => {
    const recording = await recordOrder();
    expect(recording.ledger).toEqual({ taken: 500, givenBack: 500 });
    const shown = readFileSync(join(ROOT, "docs", "saga.svg"), "utf8");
    expect(shown).toBe(movingPicture(recording));
    expect(shown).toContain("prefers-reduced-motion");
  });
});
