import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { circlesOf, type Export, exportsOf, overloaded } from "./names.ts";
import { ROOT, sources } from "./sources.ts";
import { UNFINISHED } from "./unfinished.ts";

const manifest = readFileSync(join(ROOT, "package.json"), "utf8");
const entries = [...manifest.matchAll(/"odori-source": "\.\/src\/([^"]+)"/g)].map(
  ([, path = ""]) => path,
);
const perEntry = entries.map((path) => ({ path, names: exportsOf(path) }));
const isAdapter = (path: string) => path.startsWith("adapters/");

describe("one word, one thing", () => {
  it("an exported name is declared once in src/", () => {
    // The replies of the console have the names of what they carry.
    const found = overloaded(sources.filter(({ path }) => !path.startsWith("console/wire/")))
      .filter(([first]) => !UNFINISHED.names.includes(first?.name ?? ""))
      .map((same) => `${same[0]?.name}: ${same.map(({ path }) => path).join(", ")}`);
    expect(found).toEqual([]);
  });

  it("a name that two entries export is one declaration", () => {
    const all = perEntry.filter(({ path }) => !isAdapter(path)).flatMap(({ names }) => names);
    const several = [...Map.groupBy(all, ({ as }: Export) => as)]
      .map(([as, same]) => ({ as, behind: new Set(same.map(({ path }) => path)) }))
      .filter(({ as, behind }) => behind.size > 1 && !UNFINISHED.names.includes(as))
      .map(({ as, behind }) => `${as}: ${[...behind].join(", ")}`);
    expect(several).toEqual([]);
  });

  it("an entry exports a name as it is declared", () => {
    const renamed = perEntry.flatMap(({ path, names }) =>
      names
        .filter(({ as, name }) => as !== name && !UNFINISHED.names.includes(name))
        .map(({ as, name }) => `${path}: ${name} as ${as}`),
    );
    expect(renamed).toEqual([]);
  });

  it("a second meaning of a name is found, and a counterpart is not one", () => {
    const found = (...files: (readonly [path: string, text: string])[]) =>
      overloaded(files.map(([path, text]) => ({ path, text }))).map(([first]) => first?.name);
    expect(found(["a.ts", "export type Step = 1;"], ["b.ts", "interface Step {}"])).toEqual([
      "Step",
    ]);
    expect(
      found(["a.ts", "export class Step {}"], ["b.ts", 'export { Step } from "./a.ts";']),
    ).toEqual([]);
    expect(found(["a.ts", "const x = 1;"], ["b.ts", "const x = 2;"])).toEqual([]);
    const sql = "export interface Sql {}";
    expect(found(["adapters/a/sql.ts", sql], ["adapters/b/sql.ts", sql])).toEqual([]);
    expect(found(["adapters/a/sql.ts", sql], ["adapters/a/other.ts", sql])).toEqual(["Sql"]);
  });

  it("an entry names what it exports", () => {
    expect(entries.length).toBeGreaterThan(10);
    for (const { path, names } of perEntry) expect([path, names.length > 0]).toEqual([path, true]);
    expect(sources.filter(({ text }) => /^export \*/m.test(text))).toEqual([]);
  });
});

describe("imports", () => {
  it("there are no circles", () => {
    const circles = circlesOf(sources)
      .filter((circle) => !circle.some((path) => UNFINISHED.circles.includes(path)))
      .map((circle) => circle.join(" -> "));
    expect(circles).toEqual([]);
  });

  it("a circle is found, by its shortest way, once", () => {
    const file = (path: string, ...imports: string[]) => ({ path, imports });
    expect(
      circlesOf([file("a", "b"), file("b", "c", "a"), file("c", "b"), file("d", "a")]),
    ).toEqual([
      ["a", "b", "a"],
      ["b", "c", "b"],
    ]);
    expect(circlesOf([file("a", "b", "c"), file("b", "c"), file("c")])).toEqual([]);
  });
});
