import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { odori, ROOT } from "../support/command.ts";
import { temporaryFolder } from "../support/scope.ts";

/* What a module does when it is loaded, and what the command says of it. */

const FILES = {
  "choreography.ts": `import { choreography, event, service } from "odori";
    const validate = (value: unknown) => ({ value });
    const placed = event("order.placed.v1", { "~standard": { version: 1, vendor: "x", validate } });
    const order = service("order").begins(placed);
    export default choreography("order", {
      services: [order], begins: [placed], succeeds: [placed],
    });`,
  "runs.ts": `import order from "./choreography.ts";
    // export default order, says a comment
    console.log("RUNS", order.name);
    export {};`,
  "types.ts": `import order from "./choreography.ts";
    export type Order = typeof order;
    export interface Named { readonly name: string }
    console.log("RUNS");`,
  "something-else.ts": `export const port = 3000; console.log("loaded " + port);`,
  "all-of-it.ts": `export * from "./choreography.ts"; export * as order from "./choreography.ts";
    export { default as flow } from "./choreography.ts";`,
  "starts.ts": `import { start } from "odori";
    import { memoryBus, memoryStore } from "odori/memory";
    import order from "./choreography.ts";
    export { default } from "./choreography.ts";
    const [service] = order.services;
    await start(service, { store: memoryStore(), bus: memoryBus([service]) });
    console.log("STARTED");`,
  "starts-unawaited.ts": `import { start } from "odori";
    import { memoryBus, memoryStore } from "odori/memory";
    import order from "./choreography.ts";
    export { default } from "./choreography.ts";
    const [service] = order.services;
    start(service, { store: memoryStore(), bus: memoryBus([service]) }).then(() => {
      console.log("STARTED");
    });`,
  "listens.ts": `import { createServer } from "node:http";
    createServer().listen(0);
    setInterval(() => {}, 1000);
    console.log("listening");
    export { default } from "./choreography.ts";`,
  "exits.ts": `export { default } from "./choreography.ts"; process.exit(0);`,
  "awaits.ts": `export { default } from "./choreography.ts"; await new Promise(() => {});`,
  "hangs.ts": `export { default } from "./choreography.ts";
    setInterval(() => {}, 1000);
    await new Promise(() => {});`,
  "loops.ts": `export { default } from "./choreography.ts"; for (;;) {}`,
  "throws.ts": `export { default } from "./choreography.ts"; throw new Error("no database");`,
  "rejects.ts": `export { default } from "./choreography.ts";
    Promise.reject(new Error("no database"));
    await new Promise((resolve) => setTimeout(resolve, 60_000));`,
  "throws-nothing.ts": `export { default } from "./choreography.ts";
    setTimeout(() => { throw null; });
    await new Promise((resolve) => setTimeout(resolve, 60_000));`,
  "posts.ts": `import { parentPort } from "node:worker_threads";
    parentPort?.postMessage("loaded");
    export { default } from "./choreography.ts";`,
  "broken.ts": `export const a = ;`,
} as const;

const folder = temporaryFolder("loading");
beforeAll(() => {
  writeFileSync(join(folder.path, "package.json"), `{ "type": "module" }`);
  mkdirSync(join(folder.path, "node_modules"));
  symlinkSync(ROOT, join(folder.path, "node_modules", "odori"));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder.path, name), text);
});
afterAll(() => folder[Symbol.dispose]());

const manifest = (name: keyof typeof FILES) => odori(["manifest", name], undefined, folder.path);

describe("a module that declares nothing", () => {
  it.each(["runs.ts", "types.ts"] as const)("%s is refused before it runs", async (name) => {
    const { status, out, err } = await manifest(name);
    expect([status, out]).toEqual([2, ""]);
    expect(err).toMatch(/^MODULE_EXPORTS_NOTHING: .* It was not run\..*"\.\/choreography\.ts"/s);
    expect(err).not.toContain("RUNS");
  });

  it("is refused when only running it can tell", async () => {
    const { status, out, err } = await manifest("something-else.ts");
    expect([status, out]).toEqual([2, ""]);
    expect(err).toMatch(/^loaded 3000\nMODULE_EXPORTS_NOTHING: .*nor a choreography\. Pass/s);
  });
});

describe("a module that does more than declare", () => {
  it.each(["listens.ts", "all-of-it.ts"] as const)("%s is read, and ended", async (name) => {
    const { status, out, err } = await manifest(name);
    expect([status, JSON.parse(out).name]).toEqual([0, "order"]);
    expect(err).toBe(name === "listens.ts" ? "listening\n" : "");
  });

  it("is not started", async () => {
    const { status, out, err } = await manifest("starts.ts");
    expect([status, out]).toEqual([2, ""]);
    expect(err).toMatch(/^NOT_STARTED: order was not started/);
    const unawaited = await manifest("starts-unawaited.ts");
    expect(`${unawaited.out}${unawaited.err}`).not.toContain("STARTED\n");
  });

  it.each([
    ["exits.ts", /^MODULE_UNFINISHED: .*exits\.ts called process\.exit\(0\)/],
    ["awaits.ts", /^MODULE_UNFINISHED: .*awaits\.ts awaits at its top level what never comes/],
    ["throws.ts", /^MODULE_UNREADABLE: .*throws\.ts: no database\. /],
    ["rejects.ts", /^MODULE_UNREADABLE: .*rejects\.ts: no database\. /],
    ["throws-nothing.ts", /^MODULE_UNREADABLE: .*throws-nothing\.ts: null\. /],
    ["broken.ts", /^MODULE_UNREADABLE: .*broken\.ts:1:1/s],
  ] as const)("%s ends with an error that says so", async (name, message) => {
    const { status, out, err } = await manifest(name);
    expect([status, out]).toEqual([2, ""]);
    expect(err).toMatch(message);
  });
});

it("what a module posts to its thread's parent is not the command's answer", async () => {
  const { status, out } = await manifest("posts.ts");
  expect([status, JSON.parse(out).name]).toEqual([0, "order"]);
});

describe("a module that does not come to its end", () => {
  beforeAll(() => {
    process.env.ODORI_LOAD_SECONDS = "2";
  });
  afterAll(() => {
    delete process.env.ODORI_LOAD_SECONDS;
  });

  it.each(["hangs.ts", "loops.ts"] as const)("%s is given up on", async (name) => {
    const { status, out, err } = await manifest(name);
    expect([status, out]).toEqual([2, ""]);
    expect(err).toMatch(/^MODULE_UNFINISHED: .* is not loaded after 2 seconds\./);
  });

  it("the time is a number of seconds", async () => {
    process.env.ODORI_LOAD_SECONDS = "soon";
    const { status, err } = await manifest("choreography.ts");
    expect([status, err.split(":")[0]]).toEqual([2, "USAGE"]);
  });
});
