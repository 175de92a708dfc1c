import assert from "node:assert/strict";
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Runner } from "odori/conformance";
import { lint } from "../../src/check/lint/lint.ts";
import { manifestInThread } from "../../src/cli/in-thread.ts";
import { loadExports } from "../../src/cli/module.ts";
import { toEventList } from "../../src/manifest/event-list.ts";
import { flowGraph } from "../../src/manifest/graph.ts";
import { toManifest } from "../../src/manifest/read.ts";
import { GOOD_PAYLOADS, schemaOf, WRONG_PAYLOADS } from "../check/lint/payloads.ts";
import { WRONG_NAMES } from "../check/lint/wrong-names.ts";
import { ROOT } from "../support/command.ts";
import { temporaryFolder } from "../support/scope.ts";

const linted = (events: Readonly<Record<string, unknown>>, services = {}) => {
  const manifest = toManifest({ odori: 1, name: "x", events, services });
  return lint(manifest, flowGraph(manifest)).map(({ code }) => code);
};

/** What holds for modules and lists that a person passes to a command, in the smallest form. */
export function entryScenarios({ it }: Runner): void {
  it("a module without exports is not run", async () => {
    using folder = temporaryFolder("entry");
    const ran = join(folder.path, "ran");
    const module = join(folder.path, "main.mjs");
    writeFileSync(module, `import fs from "node:fs"; fs.writeFileSync("${ran}", "");`);
    await assert.rejects(loadExports(module), /It was not run/);
    assert.ok(!existsSync(ran));
  });

  it("a module that Node cannot read is compiled", async () => {
    using folder = temporaryFolder("entry");
    const module = join(folder.path, "service.ts");
    const service = `{ name: Name.Order, declaration: {}, beginnings: [] }`;
    writeFileSync(module, `enum Name { Order = "order" } export const order = ${service};`);
    assert.deepEqual([...(await loadExports(module)).services.keys()], ["order"]);
  });

  it("a module that is read starts nothing, and its end is waited for", async () => {
    using folder = temporaryFolder("entry");
    mkdirSync(join(folder.path, "node_modules"));
    symlinkSync(ROOT, join(folder.path, "node_modules", "odori"));
    const write = (name: string, text: string) => {
      const file = join(folder.path, name);
      writeFileSync(file, text);
      return file;
    };
    const starts = `import { service, start } from "odori";
      import { memoryBus, memoryStore } from "odori/memory";
      export const order = service("order");
      await start(order, { store: memoryStore(), bus: memoryBus([order]) });`;
    const read = (file: string) => manifestInThread(file);
    await assert.rejects(read(write("starts.mjs", starts)), { code: "NOT_STARTED" });
    const exits = `export const order = 1; process.exit(0);`;
    await assert.rejects(read(write("exits.mjs", exits)), /called process\.exit\(0\)/);
    const awaits = `export const order = 1; await new Promise(() => {});`;
    await assert.rejects(read(write("awaits.mjs", awaits)), /awaits at its top level/);
  });

  it("names and payloads are judged as the lists say", async () => {
    for (const [code, names] of Object.entries(WRONG_NAMES))
      for (const name of names.trim().split(/\s+/))
        assert.ok(
          linted({ [name]: {} }).some((found) => found === code),
          `${name}: ${code}`,
        );
    const ofFields = (fields: Parameters<typeof schemaOf>[0]) =>
      linted({ "order.placed.v1": { schema: schemaOf(fields) } });
    for (const [code, fields] of WRONG_PAYLOADS)
      assert.ok(ofFields(fields).includes(code), `${JSON.stringify(fields)}: ${code}`);
    for (const fields of GOOD_PAYLOADS) assert.deepEqual(ofFields(fields), []);
  });

  it("what the owner of a fact said may be passed on", async () => {
    const ordersOn = (on: string) => ({
      order: { reactions: [{ on: [on], emits: ["order.stock_confirmed.v1"] }] },
      stock: { begins: ["stock.reserved.v1"] },
    });
    assert.deepEqual(linted({}, ordersOn("stock.reserved.v1")), []);
    assert.deepEqual(linted({}, ordersOn("order.placed.v1")), ["OUTSIDER"]);
  });

  it("a list of events is bounded", async () => {
    const list = Array(10_001).fill("a.done.v1");
    assert.throws(() => toEventList(list, "list", (mistake) => mistake), /the limit is 10000/);
  });
}
