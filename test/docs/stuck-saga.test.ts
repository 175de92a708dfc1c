import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { manifestOf, writeManifest } from "odori/manifest";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { odori, ROOT } from "../support/command.ts";
import { words } from "../support/page-program.ts";
import { temporaryFolder } from "../support/scope.ts";
import { fall } from "./night/fall.ts";
import saga from "./night/saga.ts";

const PAGE = readFileSync(join(ROOT, "docs", "how-to", "stuck-saga.md"), "utf8");
/** Each command of the page, with the output that is shown after it, if any. */
const COMMANDS = [
  ...PAGE.matchAll(/```sh\nodori ([^\n]*)\n```\n(?:\n```text\n([\s\S]*?)```)?/g),
].map(([, command = "", output = ""]) => ({ command, output }));

let temporary: ReturnType<typeof temporaryFolder> | undefined;
beforeAll(async () => {
  // Within the project, so that `odori` and `zod` are found.
  mkdirSync(join(ROOT, ".odori"), { recursive: true });
  temporary = temporaryFolder("night", join(ROOT, ".odori"));
  const folder = temporary.path;
  mkdirSync(join(folder, "data"));
  await fall(join(folder, "data"));
  copyFileSync(new URL("./night/saga.ts", import.meta.url), join(folder, "saga.ts"));
  writeFileSync(join(folder, "choreography.json"), writeManifest(manifestOf(saga)));
  const config = { stores: { data: "data" }, manifest: "choreography.json" };
  writeFileSync(join(folder, "odori.config.json"), JSON.stringify(config));
}, 120_000);
afterAll(() => temporary?.[Symbol.dispose]());

/** Output without what is another in each run: times, ages, the width of columns. */
function comparable(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
    .replace(/\+\d+ ms/g, "+0 ms")
    .replace(/\d+ (s|min)\b/g, "AGE")
    .replace(/ +/g, " ")
    .split("\n")
    .map((line) => line.trim())
    .join("\n")
    .trim();
}

describe("the page for the night", { timeout: 600_000 }, () => {
  it("has its commands", () => {
    expect(COMMANDS.length).toBe(8);
    expect(COMMANDS.filter(({ output }) => output !== "").length).toBe(6);
  });

  // In the order of the page: what is retried or discarded is so for the next one.
  it.each(COMMANDS)("odori $command", async ({ command, output }) => {
    const { status, out, err } = await odori(words(command), undefined, temporary?.path);
    expect([status === 0 || status === 1, err]).toEqual([true, ""]);
    expect(comparable(out)).toContain(comparable(output));
  });
});
