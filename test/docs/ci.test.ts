import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { odori } from "../support/command.ts";
import { temporaryFolder } from "../support/scope.ts";
import { ROOT } from "../tidy/sources.ts";

const PAGE = readFileSync(join(ROOT, "docs", "how-to", "ci.md"), "utf8");
const ACTION = parse(readFileSync(join(ROOT, "action.yml"), "utf8"));

/** The code of the page in a language, as it is printed there. */
function block(language: string): string {
  const [, , code] = new RegExp(`\n(\`{3,})${language}\n([\\s\\S]*?)\\1\n`).exec(PAGE) ?? [];
  return code ?? "";
}

/** Drops what differs from run to run, and the size of the search, which is not of the page. */
const timeless = (text: string) =>
  text.replaceAll(/\([\d,]+ states, [\d,]+ transitions(, [\d.]+ ms)?/g, "(");

/** Starting many commands takes its time on a busy machine. */
const timeout = 120_000;

function shop() {
  const folder = temporaryFolder("ci");
  writeFileSync(join(folder.path, "shop.json"), block("json"));
  return folder;
}

describe("the page on CI", { timeout }, () => {
  it("prints what the command prints, in each format, with the exit status", async () => {
    using folder = shop();
    const [, command = ""] = /\n(odori check shop\.json --format github.*)\n/.exec(PAGE) ?? [];
    const { status, out } = await odori(command.split(" ").slice(1), undefined, folder.path);
    expect([status, timeless(out)]).toEqual([1, timeless(block("github"))]);
    const written = readFileSync(join(folder.path, "odori.md"), "utf8");
    expect(timeless(written)).toBe(timeless(block("markdown")));
    expect(JSON.parse(readFileSync(join(folder.path, "odori.sarif"), "utf8")).version).toBe(
      "2.1.0",
    );
  });

  it("names the inputs of the action, and each exit status", async () => {
    for (const input of Object.keys(ACTION.inputs)) expect(PAGE).toContain(`| \`${input}\` |`);
    using folder = shop();
    const sound = block("json").replace('"fails": ["stock.sold_out.v1"]', '"fails": []');
    writeFileSync(join(folder.path, "sound.json"), sound.replace('"stock.sold_out.v1", ', ""));
    const status = async (...args: readonly string[]) =>
      (await odori(["check", ...args], undefined, folder.path)).status;
    expect(await status("sound.json")).toBe(0);
    expect(await status("shop.json")).toBe(1);
    expect(await status("none.json")).toBe(2);
    expect(await status("sound.json", "--states", "2")).toBe(3);
  });
});

/** Runs the script of the action as a runner does, with the command of this project. */
function act(folder: string, inputs: Readonly<Record<string, string>>) {
  const npx = join(folder, "npx");
  const main = join(ROOT, "src", "cli", "main.ts");
  const flags = "--conditions=odori-source --disable-warning=ExperimentalWarning";
  writeFileSync(npx, `#!/bin/sh\nshift 2\nexec "${process.execPath}" ${flags} "${main}" "$@"\n`);
  chmodSync(npx, 0o755);
  const [{ run, env }] = ACTION.runs.steps;
  writeFileSync(join(folder, "step.sh"), run);
  const given = Object.entries<string>(env).map(([name, value]) => {
    const [, input = ""] = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(value) ?? [];
    return [name, inputs[input] ?? ACTION.inputs[input].default];
  });
  const { status, stdout } = spawnSync(
    "bash",
    ["--noprofile", "--norc", "-eo", "pipefail", "step.sh"],
    {
      cwd: folder,
      encoding: "utf8",
      env: {
        ...process.env,
        ...Object.fromEntries(given),
        PATH: `${folder}${delimiter}${process.env.PATH}`,
        GITHUB_OUTPUT: join(folder, "output"),
        GITHUB_STEP_SUMMARY: join(folder, "summary.md"),
      },
    },
  );
  return { status, stdout, output: readFileSync(join(folder, "output"), "utf8") };
}

describe("the action", { timeout }, () => {
  it("annotates, writes the summary and the SARIF log, and fails with the exit status", () => {
    using folder = shop();
    const ran = act(folder.path, { sources: "shop.json", sarif: "odori.sarif" });
    expect([ran.status, timeless(ran.stdout), ran.output]).toEqual([
      1,
      timeless(block("github")),
      "status=1\n",
    ]);
    expect(timeless(readFileSync(join(folder.path, "summary.md"), "utf8"))).toBe(
      timeless(block("markdown")),
    );
    expect(existsSync(join(folder.path, "odori.sarif"))).toBe(true);
  });

  it("takes several sources and options, and runs none of them as a command", () => {
    using folder = shop();
    const several = act(folder.path, {
      sources: "shop.json\n  shop.json",
      args: "--states 2 --no-repairs",
    });
    expect([several.status, several.output]).toEqual([3, "status=3\n"]);
    const hostile = act(folder.path, { sources: "shop.json; touch owned $(touch owned)" });
    expect([hostile.status, existsSync(join(folder.path, "owned"))]).toEqual([2, false]);
  });
});
