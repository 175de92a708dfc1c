import { readdirSync, readFileSync } from "node:fs";
import { isChoreography } from "odori";
import { check, manifestOf } from "odori/check";
import { describe, expect, it } from "vitest";
import { runExample } from "../support/run.ts";

const HERE = new URL(".", import.meta.url);
const README = readFileSync(new URL("../README.md", HERE), "utf8");
const LINES_MAX = 100;

const pages = readdirSync(HERE)
  .filter((name) => /^[a-z-]+\.ts$/.test(name) && !name.endsWith("-contracts.ts"))
  .map((name) => name.replace(/\.ts$/, ""));

describe.each(pages)("the example %s", (page) => {
  const program = new URL(`${page}.ts`, HERE);

  it("prints what is committed beside it, and ends by itself", async () => {
    const { status, out, err } = await runExample(program);
    expect({ status, err }).toEqual({ status: 0, err: "" });
    await expect(out).toMatchFileSnapshot(`${page}.txt`);
  });

  it("is proved", async () => {
    const { default: whole }: { readonly default: unknown } = await import(program.href);
    if (!isChoreography(whole)) throw new Error(`${page}.ts exports no choreography.`);
    const { findings, explored } = check(manifestOf(whole));
    expect({ findings, exhaustive: explored.exhaustive }).toEqual({
      findings: [],
      exhaustive: true,
    });
  });

  it("is one page, says how to run it, and is in the list", () => {
    const text = readFileSync(program, "utf8");
    expect(text.split("\n").length).toBeLessThanOrEqual(LINES_MAX);
    expect(text).toMatch(/^\/\*\n/);
    expect(text).toContain(`npm run example examples/pages/${page}.ts`);
    expect(README).toContain(`(pages/${page}.ts)`);
  });
});
