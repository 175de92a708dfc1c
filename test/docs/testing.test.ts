import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/scope.ts";
import { ROOT } from "../tidy/sources.ts";

const PAGE = readFileSync(join(ROOT, "docs", "how-to", "testing.md"), "utf8");
/** Other test runners, and PGlite. */
const RUNNERS = join(ROOT, "test", "runners", "node_modules");
const FLAGS = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];

let temporary: ReturnType<typeof temporaryFolder> | undefined;

/** The programs of the page, by the file name in their first line. */
const programs = [...PAGE.matchAll(/```[jt]s\n\/\/ (\S+)\n([\s\S]*?)```/g)].map(
  ([, file = "", code = ""]) => ({ file, code }),
);

beforeAll(() => {
  mkdirSync(join(ROOT, ".odori"), { recursive: true });
  temporary = temporaryFolder("testing", join(ROOT, ".odori"));
  for (const { file, code } of programs) writeFileSync(join(temporary.path, file), code);
  mkdirSync(join(temporary.path, "node_modules"));
  const scope = "@electric-sql";
  symlinkSync(join(RUNNERS, scope), join(temporary.path, "node_modules", scope));
});
afterAll(() => temporary?.[Symbol.dispose]());

function folder(): string {
  return temporary?.path ?? "";
}

/** Runs Node in the folder of the programs, as a test runner of a user does. */
function run(args: readonly string[]) {
  const env = { ...process.env };
  // The outer runner must not be noticed by the inner ones.
  for (const name of Object.keys(env))
    if (/^(VITEST|NODE_TEST|NODE_OPTIONS|NODE_ENV)/.test(name)) delete env[name];
  const ran = spawnSync(process.execPath, [...FLAGS, ...args], {
    cwd: folder(),
    env,
    encoding: "utf8",
  });
  return { status: ran.status, out: `${ran.stdout}${ran.stderr}` };
}

describe("the page on testing", { timeout: 600_000 }, () => {
  it("has a program for each runner, and all of them compile", () => {
    expect(programs.map(({ file }) => file)).toEqual([
      "trip.ts",
      "reaction.test.ts",
      "saga.node.ts",
      "jest.config.mjs",
      "strip-types.mjs",
      "saga.jest.mjs",
      "pglite.node.ts",
    ]);
    const project = { extends: "../../tsconfig.json", include: ["*.ts"] };
    writeFileSync(join(folder(), "tsconfig.json"), JSON.stringify(project));
    const ran = run([join(ROOT, "node_modules", "typescript", "bin", "tsc"), "-p", "."]);
    expect(ran).toEqual({ status: 0, out: "" });
  });

  it("shows the picture of an assertion that does not hold", () => {
    const program = `import { sqlite } from "odori/sqlite";
      import { testSaga } from "odori/testing";
      import choreography, { requested } from "./trip.ts";
      const saga = await testSaga(choreography, { store: () => sqlite(":memory:") });
      await saga.dropOut("car");
      await saga.begin(requested({ tripId: "t-1" }));
      await saga.assertEnded("succeeded").catch(({ message }) => console.log(message));`;
    writeFileSync(join(folder(), "picture.mjs"), program);
    const shown = /```text\n([\s\S]*?)```/.exec(PAGE)?.[1] ?? "";
    const { status, out } = run(["picture.mjs"]);
    const lines = out.split("\n").map((line) => line.trimEnd());
    expect([status, lines.join("\n")]).toEqual([0, expect.stringContaining(shown)]);
  });

  it("runs with node:test", () => {
    const { status, out } = run(["--test", "--test-reporter=tap", "saga.node.ts"]);
    expect([status, out]).toEqual([0, expect.stringContaining("# pass 2")]);
  });

  it("runs on PGlite", () => {
    const { status, out } = run(["--test", "--test-reporter=tap", "pglite.node.ts"]);
    expect([status, out]).toEqual([0, expect.stringContaining("# pass 1")]);
  });

  it("runs on PGlite with a service that comes back: its connections share a session", () => {
    const page = programs.find(({ file }) => file === "pglite.node.ts")?.code ?? "";
    const again = `test("it comes back", async () => {
        await using schemas = await testSchemas(url);
        const order = service("order").begins(placed);
        const services = [order, payment];
        const sale = choreography("sale", { services, begins: [placed], succeeds: [charged] });
        await using saga = await testSaga(sale, schemas);
        await saga.dropOut(payment);
        await saga.begin(placed({ orderId: "o-1" }));
        await saga.comeBack(payment);
        await saga.assertEnded("succeeded");
      });`;
    const code = `${page}${again}`
      .replace("import { event,", "import { choreography, event,")
      .replace("import { given }", "import { given, testSaga }");
    writeFileSync(join(folder(), "again.node.ts"), code);
    const { status, out } = run(["--test", "--test-reporter=tap", "again.node.ts"]);
    expect([status, out]).toEqual([0, expect.stringContaining("# pass 2")]);
  });

  it("runs with vitest", () => {
    const config = {
      test: { include: ["*.test.ts"] },
      resolve: { conditions: ["odori-source", "node"] },
      ssr: { resolve: { conditions: ["odori-source", "node"] } },
    };
    const text = `export default ${JSON.stringify(config)};`;
    writeFileSync(join(folder(), "vitest.config.mjs"), text);
    const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
    const { status, out } = run([vitest, "run", "--reporter=tap", "--root", folder()]);
    expect([status, out.match(/^ +ok /gm)?.length, out]).toEqual([0, 4, expect.any(String)]);
  });

  it("runs with Jest, in its mode for ES modules", () => {
    const src = join(ROOT, "src");
    const config = {
      rootDir: folder(),
      haste: { forceNodeFilesystemAPI: true },
      watchman: false,
      // The sources, instead of the package that a user has installed.
      moduleNameMapper: {
        "^odori$": join(src, "index.ts"),
        "^odori/sqlite$": join(src, "adapters", "sqlite", "index.ts"),
        "^odori/testing$": join(src, "testing", "index.ts"),
      },
    };
    const text = `import page from "./jest.config.mjs";
      export default { ...page, ...${JSON.stringify(config)} };`;
    writeFileSync(join(folder(), "sources.config.mjs"), text);
    const jest = join(RUNNERS, "jest", "bin", "jest.js");
    const { status, out } = run(["--experimental-vm-modules", jest, "-c", "sources.config.mjs"]);
    expect([status, out]).toEqual([0, expect.stringContaining("Tests:       2 passed, 2 total")]);
  });
});
