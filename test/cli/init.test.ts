import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { projectFiles } from "../../src/cli/init/project-files.ts";
import { FRAMEWORKS, layersOf, TEMPLATES } from "../../src/cli/init/templates.ts";
import { odori, ROOT } from "../support/command.ts";
import { temporaryFolder } from "../support/scope.ts";

const PROJECTS = TEMPLATES.flatMap((template) =>
  [undefined, ...FRAMEWORKS].map((framework) => ({
    title: framework === undefined ? template : `${template} with ${framework}`,
    files: projectFiles({ layers: layersOf(template, framework), name: "shop", odori: "^1.2.3" }),
  })),
);
const own = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const init = (cwd: string, ...args: readonly string[]) =>
  odori(["init", ...args, "--no-install"], undefined, cwd);

describe("odori init", { timeout: 600_000 }, () => {
  it("writes a project, and says what comes next", async () => {
    using root = temporaryFolder("init");
    const { status, out, err } = await init(root.path, "My Shop");
    expect({ status, err }).toEqual({ status: 0, err: "" });
    expect(out).toContain("  src/choreography.ts\n");
    expect(out.endsWith("\nNext:\n  cd 'My Shop'\n  npm install\n  npm start\n")).toBe(true);
    const folder = join(root.path, "My Shop");
    const { name, type, dependencies } = JSON.parse(
      readFileSync(join(folder, "package.json"), "utf8"),
    );
    expect([name, type, dependencies.odori]).toEqual(["my-shop", "module", `^${own.version}`]);
    expect(readFileSync(join(folder, ".gitignore"), "utf8")).toContain("node_modules/\n");
  });

  it("--json names the files and the next commands", async () => {
    using root = temporaryFolder("init");
    const options = ["--template", "postgres-nats", "--with", "nest", "--odori", "1.2.3", "--json"];
    const { status, out } = await init(root.path, ...options);
    const { folder, files, next } = JSON.parse(out);
    expect([status, folder]).toEqual([0, root.path]);
    expect(files).toEqual(expect.arrayContaining(["Dockerfile", "kubernetes.yaml", "README.md"]));
    expect(files.filter((file: string) => !existsSync(join(root.path, file)))).toEqual([]);
    expect(next).toEqual(["npm install", "docker compose up -d --wait", "npm start"]);
    const { dependencies } = JSON.parse(readFileSync(join(root.path, "package.json"), "utf8"));
    expect(dependencies.odori).toBe("1.2.3");
  });

  it("refuses a folder that is not empty, and writes nothing", async () => {
    using root = temporaryFolder("init");
    writeFileSync(join(root.path, "notes.txt"), "mine");
    const refused = await init(root.path);
    expect(refused).toMatchObject({
      status: 2,
      out: "",
      err: expect.stringMatching(/^FOLDER_NOT_EMPTY: .*it has "notes.txt"\. Nothing was written/),
    });
    expect(readdirSync(root.path)).toEqual(["notes.txt"]);
    const json = await init(root.path, "--json");
    expect([json.status, JSON.parse(json.out).error.code]).toEqual([2, "FOLDER_NOT_EMPTY"]);
    expect(await init(root.path, "notes.txt")).toMatchObject({
      status: 2,
      err: expect.stringMatching(/^FILE_UNREADABLE: /),
    });
  });

  it("takes a folder with nothing but .git as empty", async () => {
    using root = temporaryFolder("init");
    mkdirSync(join(root.path, ".git"));
    expect((await init(root.path)).status).toBe(0);
  });

  it("an unknown template or framework is named", async () => {
    using root = temporaryFolder("init");
    for (const [flag, value] of [
      ["--template", "mongo"],
      ["--with", "koa"],
    ] as const) {
      const { status, err } = await init(root.path, flag, value);
      expect([status, err]).toEqual([2, expect.stringMatching(/^USAGE: .*Allowed choices are/)]);
    }
    expect(readdirSync(root.path)).toEqual([]);
  });

  it("a tarball is named from where the command runs, and has to be there", async () => {
    using root = temporaryFolder("init");
    const missing = await init(root.path, "shop", "--odori", "../nowhere.tgz");
    expect(missing.status).toBe(2);
    expect(missing.err).toContain('nowhere.tgz" does not exist');
    expect(existsSync(join(root.path, "shop"))).toBe(false);
    writeFileSync(join(root.path, "odori.tgz"), "");
    expect((await init(root.path, "shop", "--odori", "odori.tgz")).status).toBe(0);
    const made = JSON.parse(readFileSync(join(root.path, "shop", "package.json"), "utf8"));
    expect(made.dependencies.odori).toBe(`file:${join(root.path, "odori.tgz")}`);
  });

  it("an install that fails leaves the files, and says what to do", async () => {
    using root = temporaryFolder("init");
    const broken = join(root.path, "no-package.tgz");
    writeFileSync(broken, "");
    const { status, err } = await odori(["init", "shop", "--odori", broken], undefined, root.path);
    expect([status, err]).toEqual([2, expect.stringContaining("INSTALL_FAILED: The files are")]);
    expect(existsSync(join(root.path, "shop", "src", "main.ts"))).toBe(true);
  }, 300_000);
});

describe.each(PROJECTS)("the template $title", ({ files }) => {
  const text = (path: string) => files.get(path) ?? "";
  const manifest = JSON.parse(text("package.json"));
  const declared = { ...manifest.dependencies, ...manifest.devDependencies };

  it("declares the packages that it imports", () => {
    const imported = [...files]
      .filter(([path]) => path.endsWith(".ts"))
      .flatMap(([, source]) => [...source.matchAll(/ from "([^."][^"]*)"|^import "([^"]+)"/gm)])
      .map(([, from, bare]) => from ?? bare ?? "")
      .filter((name) => !name.startsWith("node:"))
      .map((name) =>
        name
          .split("/")
          .slice(0, name.startsWith("@") ? 2 : 1)
          .join("/"),
      );
    expect(imported).toContain("odori");
    expect(imported.filter((name) => !(name in declared))).toEqual([]);
  });

  it("imports files that it has", () => {
    const missing = [...files].flatMap(([path, source]) =>
      [...source.matchAll(/ from "(\.[^"]*)"/g)]
        .map(([, name = ""]) => new URL(name, `file:///${path}`).pathname.slice(1))
        .filter((name) => !files.has(name)),
    );
    expect(missing).toEqual([]);
  });

  it("asks for the versions that this project is tested with", () => {
    const known = { ...own.devDependencies, ...own.dependencies };
    for (const [name, range] of Object.entries(declared))
      if (name in known) expect([name, range]).toEqual([name, known[name]]);
  });

  it("has a README of at most 20 lines, whose files and scripts exist", () => {
    const readme = text("README.md");
    expect(readme.split("\n").length).toBeLessThanOrEqual(21);
    for (const [, path = ""] of readme.matchAll(
      /`((?:src|test)\/[\w.-]+|[A-Z]\w+file|\w+\.yaml)`/g,
    ))
      expect([path, files.has(path)]).toEqual([path, true]);
    for (const [, script = ""] of readme.matchAll(/npm (?:run )?(start|test|check)\b/g))
      expect([script, script in manifest.scripts]).toEqual([script, true]);
  });
});
