import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { timeline, traceOf } from "odori/observe";
import { sqlite } from "odori/sqlite";
import { expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const README = readFileSync(join(ROOT, "README.md"), "utf8");

it("the saga of the README runs as it is printed there, and ends as it says", async () => {
  const [, program = ""] = /```ts\n([\s\S]*?)```/.exec(README) ?? [];
  const [, shown = ""] = /then shows what happened:\n\n```\n([\s\S]*?)```/.exec(README) ?? [];
  // Within the project, so that `odori` and `zod` are found.
  mkdirSync(join(ROOT, ".odori"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, ".odori", "readme-"));
  try {
    // Everything is committed, step by step, before stop() ends: then the databases hold the whole saga.
    const wait = `const { DatabaseSync } = await import("node:sqlite");
const reader = new DatabaseSync("order.db", { readOnly: true });
const ended = reader.prepare("SELECT 1 FROM odori_inbox WHERE disposition = 'undone'");
while (ended.get() === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
await Promise.all(apps.map((app) => app.stop()));`;
    writeFileSync(join(folder, "saga.mts"), `${program}\n${wait}\n`);
    const flags = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];
    const ran = spawnSync(process.execPath, [...flags, "saga.mts"], { cwd: folder, encoding: "utf8", timeout: 20_000 });
    expect({ status: ran.status, err: ran.stderr }).toEqual({ status: 0, err: "" });
    const journals = ["order", "payment", "stock"].map(async (service) => {
      const store = sqlite(join(folder, `${service}.db`));
      const records = await store.inspect.journal("order-1");
      await store.close();
      return { service, records };
    });
    const withoutTimes = (lines: readonly string[]) => lines.map((line) => line.replace(/^ *\+\d+ ms/, "").trim());
    expect(withoutTimes(timeline(traceOf(await Promise.all(journals))))).toEqual(withoutTimes(shown.trimEnd().split("\n")));
    const payment = new DatabaseSync(join(folder, "payment.db"), { readOnly: true });
    expect(payment.prepare("SELECT count(*) AS charges FROM charges").get()).toEqual({ charges: 0 });
    payment.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
