import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SourceFiles } from "../../src/cli/watch/source-files.ts";
import { BROKEN } from "../check/broken.ts";
import { SOUND } from "../check/sound.ts";
import { odori, ROOT } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/scope.ts";

const broken = JSON.stringify(BROKEN[0]?.manifest);
const sound = JSON.stringify(SOUND[0]?.manifest);

describe("odori check --watch", () => {
  it("says what cannot be watched, and ends", { timeout: 600_000 }, async () => {
    using folder = temporaryFolder("watch");
    const { status, err } = await odori(
      ["check", join(folder.path, "nowhere", "m.json"), "--watch"],
      undefined,
      folder.path,
    );
    expect(err).toContain("FILE_UNREADABLE: Cannot watch the sources");
    expect(status).toBe(2);
  });

  it("checks again when the content changes, and ends at Ctrl-C", {
    timeout: 600_000,
  }, async () => {
    using folder = temporaryFolder("watch");
    writeFileSync(join(folder.path, "m.json"), broken);
    const flags = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];
    const parameters = ["check", "m.json", "--watch", "--format", "json=out.json", "--format=text"];
    const child = spawn(
      process.execPath,
      [...flags, join(ROOT, "src", "cli", "main.ts"), ...parameters],
      { cwd: folder.path, stdio: ["ignore", "pipe", "pipe"] },
    );
    const exited = once(child, "exit");
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk) => (out += chunk));
    child.stderr.on("data", (chunk) => (err += chunk));
    const watching = (times: number) => err.split("Watching 1 file. Ctrl-C ends.").length > times;
    await eventually("the first report is there", () => watching(1));
    expect(out).toContain("STUCK");
    // In one step: the file is never half written.
    writeFileSync(join(folder.path, "m.tmp"), sound);
    renameSync(join(folder.path, "m.tmp"), join(folder.path, "m.json"));
    await eventually("the second report is there", () => watching(2));
    child.kill("SIGINT");
    const [status] = await exited;
    // The report that each run writes is not a source.
    expect([status, out.split("case: ").length - 1]).toEqual([130, 2]);
    expect(out).toContain("every saga ends well");
  });
});

describe("the watched files", () => {
  it("change with their content, not with their time", () => {
    using folder = temporaryFolder("sources");
    const path = (name: string) => join(folder.path, name);
    writeFileSync(path("package.json"), "{}");
    mkdirSync(path("src"));
    mkdirSync(path("node_modules"));
    mkdirSync(path(".git"));
    writeFileSync(path("src/main.ts"), "export {};");
    const files = new SourceFiles([`${path("src/main.ts")}#order`], [path("out.json")]);
    expect([files.count, files.folders]).toEqual([2, [folder.path, path("src")]]);
    utimesSync(path("src/main.ts"), 1, 1);
    expect(files.changed()).toBe(false);
    for (const other of ["out.json", "notes.md", "node_modules/a.js", ".git/config.json"]) {
      writeFileSync(path(other), "{}");
      expect([other, files.changed()]).toEqual([other, false]);
    }
    writeFileSync(path("src/main.ts"), "export { };");
    expect(files.changed()).toBe(true);
    expect(files.changed()).toBe(false);
    writeFileSync(path("src/other.ts"), "");
    expect(files.changed()).toBe(true);
    rmSync(path("src/other.ts"));
    expect(files.changed()).toBe(true);
  });
});
