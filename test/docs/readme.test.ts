import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { timeline, traceOf } from "odori/observe";
import { sqlite } from "odori/sqlite";
import { expect, it } from "vitest";
import order from "../../examples/order/choreography.ts";
import { flowOf, toSvg } from "../../src/draw/index.ts";
import { manifestOf, writeManifest } from "../../src/manifest/index.ts";
import { odori } from "../support/command.ts";
import { temporaryFolder } from "../support/scope.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const README = readFileSync(join(ROOT, "README.md"), "utf8");

it("the saga of the README runs as it is printed there, and ends as it says", async () => {
  const [, program = ""] = /```ts\n([\s\S]*?)```/.exec(README) ?? [];
  const [, shown = ""] = /then shows what happened:\n\n```\n([\s\S]*?)```/.exec(README) ?? [];
  // Within the project, so that `odori` and `zod` are found.
  mkdirSync(join(ROOT, ".odori"), { recursive: true });
  using temporary = temporaryFolder("readme", join(ROOT, ".odori"));
  const folder = temporary.path;
  // Everything is committed, step by step, before stop() ends: then the databases hold the whole
  // saga.
  const wait = `const { DatabaseSync } = await import("node:sqlite");
const reader = new DatabaseSync("order.db", { readOnly: true });
const ended = reader.prepare("SELECT 1 FROM odori_inbox WHERE disposition = 'undone'");
const { eventually } = await import("../../test/support/eventually.ts");
await eventually("the charge is undone", () => ended.get() !== undefined);
await Promise.all(apps.map((app) => app.stop()));`;
  writeFileSync(join(folder, "saga.mts"), `${program}\n${wait}\n`);
  const flags = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];
  const ran = spawnSync(process.execPath, [...flags, "saga.mts"], {
    cwd: folder,
    encoding: "utf8",
  });
  expect({ status: ran.status, err: ran.stderr }).toEqual({ status: 0, err: "" });
  const journals = ["order", "payment", "stock"].map(async (service) => {
    const store = sqlite(join(folder, `${service}.db`));
    const records = await store.inspect.journal("order-1");
    await store.close();
    return { service, records };
  });
  const withoutTimes = (lines: readonly string[]) =>
    lines.map((line) => line.replace(/^ *\+\d+ ms/, "").trim());
  expect(withoutTimes(timeline(traceOf(await Promise.all(journals))))).toEqual(
    withoutTimes(shown.trimEnd().split("\n")),
  );
  const payment = new DatabaseSync(join(folder, "payment.db"), { readOnly: true });
  expect(payment.prepare("SELECT count(*) AS charges FROM charges").get()).toEqual({
    charges: 0,
  });
  payment.close();
});

it("the proof and the counterexample of the README are what the command prints", async () => {
  const blocks = [...README.matchAll(/```\n(order: 4 services[\s\S]*?)```/g)].map(
    ([, block]) => block,
  );
  const withoutTimes = (text: string) => text.replace(/, [\d.]+ ms\)/, ")");
  const proved = await odori(["check", join(ROOT, "examples", "order", "choreography.ts")]);
  const manifest = manifestOf(order);
  const payment = manifest.services.get("payment");
  if (payment === undefined) throw new Error("the order saga has a payment service");
  const reactions = payment.reactions.map((reaction) => ({
    ...reaction,
    hears: reaction.hears.filter((type) => type !== "inventory.reservation_failed.v1"),
  }));
  using folder = temporaryFolder("readme");
  const file = join(folder.path, "order.json");
  writeFileSync(
    file,
    writeManifest({
      ...manifest,
      services: new Map([...manifest.services, ["payment", { ...payment, reactions }]]),
    }),
  );
  const refuted = await odori(["check", file]);
  expect([proved, refuted].map(({ out }) => withoutTimes(out))).toEqual(blocks);
});

it("the picture of the README shows the order saga as it is", async () => {
  const titles = (svg: string) =>
    [...svg.matchAll(/<(?:title|text)[^>]*>([^<]*)</g)].map(([, text]) => text).sort();
  const shown = readFileSync(join(ROOT, "docs", "order.svg"), "utf8");
  const { services, ...manifest } = manifestOf(order);
  const sorted = new Map([...services].sort(([a], [b]) => (a < b ? -1 : 1)));
  expect(titles(shown)).toEqual(titles(await toSvg(flowOf({ ...manifest, services: sorted }))));
});
