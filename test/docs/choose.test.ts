import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../tidy/sources.ts";

const read = (path: string) => readFileSync(join(ROOT, "docs", path), "utf8");
const cells = (row: string) => row.split("|").map((cell) => cell.trim());

/** What the published run says of a contestant: its medians, and both latencies of one saga. */
function measured(name: string): readonly string[] {
  const row = read("performance.md")
    .split("\n")
    .find((line) => line.startsWith(`| ${name} |`) && line.includes("("));
  const [, , oneByOne = "", inBulk = "", , latency = ""] = cells(row ?? "");
  return [oneByOne.replace(/ \(.*/, ""), inBulk.replace(/ \(.*/, ""), latency];
}

it.each(["choose.md", "ja/choose.md"])("the figures of %s are those of the run", (page) => {
  const rows = read(page)
    .split("\n")
    .filter((line) => /^\| [\w,+ -]+ \| [\d,]+ \| [\d,]+ \|/.test(line))
    .map((line) => cells(line).slice(1, 5));
  expect(rows.length).toBeGreaterThanOrEqual(7);
  for (const [name = "", ...figures] of rows)
    expect([name, figures]).toEqual([name, measured(name)]);
  const date = /One run on (\S+):/.exec(read("performance.md"))?.[1];
  expect(read(page)).toContain(date);
});

it.each(["choose.md", "ja/choose.md"])("%s says first where Odori loses", (page) => {
  const [, first = ""] = /^## (.+)$/m.exec(read(page)) ?? [];
  expect(first).toMatch(/loses|負ける/);
});
