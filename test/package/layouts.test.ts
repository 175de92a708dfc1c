import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ended, installPacked, ran } from "../support/packed.ts";
import { LAYOUTS, type Layout } from "./layouts.ts";

let packed: ReturnType<typeof installPacked>;
beforeAll(() => {
  packed = installPacked();
}, 120_000);
afterAll(() => packed.remove());

/** Lays out a project below the one that has Odori installed, as a package of a monorepo. */
function project({ files }: Layout, place: number): string {
  const folder = join(packed.project, "packages", `layout-${place}`);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

function odori(folder: string, ...args: readonly string[]): Ended {
  const command = join(packed.project, "node_modules", "odori", "dist", "cli", "main.js");
  return ran(process.execPath, [command, ...args], folder);
}

describe("the command of the packed package loads", () => {
  it.each(LAYOUTS.map((layout, place) => ({ ...layout, place })))("$name", (layout) => {
    const folder = project(layout, layout.place);
    const checked = odori(folder, "check", layout.source);
    expect(checked).toEqual({ status: 0, out: expect.stringContaining("✓ every saga ends well") });
    // Nothing but the manifest: no warning of Node about the syntax of the files.
    const { status, out } = odori(folder, "manifest", layout.source);
    expect([status, JSON.parse(out).begins]).toEqual([0, ["order.placed.v1"]]);
  });

  it("a module of a copy of Odori that is not the command's own", () => {
    const [layout] = LAYOUTS;
    if (layout === undefined) return expect.unreachable();
    const folder = project(layout, LAYOUTS.length);
    const installed = join(packed.project, "node_modules", "odori");
    const own = join(folder, "node_modules", "odori");
    mkdirSync(dirname(own), { recursive: true });
    expect(ran("cp", ["-r", installed, own], folder).status).toBe(0);
    expect(odori(folder, "check", layout.source)).toMatchObject({ status: 0 });
  });
});
