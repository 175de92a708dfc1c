import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { apiReports } from "../../scripts/reference/api-report.ts";
import { publicSurface } from "../../scripts/reference/declarations.ts";
import { examplesOf, unfenced } from "../../scripts/reference/examples.ts";
import { ROOT } from "../support/command.ts";

const surface = publicSurface();
const all = surface.entries.flatMap(({ name: entry, exports }) =>
  [...exports].map(([name, declaration]) => ({ ...declaration, name: `${entry}: ${name}` })),
);

// The compiler takes its time on a busy machine.
describe("the public surface", { timeout: 600_000 }, () => {
  it("is read as a whole: every entry of the package exports something", () => {
    expect(surface.entries.length).toBeGreaterThan(10);
    expect(surface.entries.filter(({ exports }) => exports.size === 0)).toEqual([]);
  });

  it("has documentation of every export", () => {
    const silent = all.filter(({ comment }) => !/\w/.test(comment)).map(({ name }) => name);
    expect(silent).toEqual([]);
    expect((all.length - silent.length) / all.length).toBe(1);
  });

  it("shows every function by an example", () => {
    const without = all
      .filter(({ kind, comment }) => kind === "function" && !comment.includes("@example"))
      .map(({ name }) => name);
    expect(without).toEqual([]);
  });

  it("has no example that escapes the compiler: each is in a `ts` fence", () => {
    expect(unfenced(surface)).toEqual([]);
  });

  it("is what the committed reports say; `npm run docs` renews them", () => {
    const reports = apiReports(surface);
    for (const [path, text] of reports) {
      const file = join(ROOT, path);
      expect([path, existsSync(file) ? readFileSync(file, "utf8") : undefined]).toEqual([
        path,
        text,
      ]);
    }
    const committed = readdirSync(join(ROOT, "docs", "api")).map((name) => `docs/api/${name}`);
    expect(committed.sort()).toEqual([...reports.keys()].sort());
  });

  it("has examples that compile", () => {
    const examples = examplesOf(surface);
    expect(examples.length).toBeGreaterThan(40);
    // Within the project, so that `odori` and `zod` are found.
    mkdirSync(join(ROOT, ".odori"), { recursive: true });
    const folder = mkdtempSync(join(ROOT, ".odori", "examples-"));
    try {
      cpSync(join(ROOT, "test", "docs", "example-files"), folder, { recursive: true });
      for (const { file, code } of examples)
        writeFileSync(join(folder, file), `${code}\nexport {};\n`);
      const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false };
      const project = { extends: "../../tsconfig.json", compilerOptions, include: ["*.ts"] };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(project));
      const compiler = join(ROOT, "node_modules", "typescript", "bin", "tsc");
      const ran = spawnSync(process.execPath, [compiler, "-p", folder], {
        cwd: folder,
        encoding: "utf8",
      });
      expect(`${ran.stdout}${ran.stderr}`).toBe("");
      expect(ran.status).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
