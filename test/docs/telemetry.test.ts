import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { ConsoleStage } from "../console/stage.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-ports.ts";
import { programFolder } from "../support/page-program.ts";
import { ROOT } from "../tidy/sources.ts";

const doc = (path: string) => readFileSync(join(ROOT, "docs", path), "utf8");
const PAGE = doc("how-to/telemetry.md");
const ALERTS = doc("how-to/alerts.md");
const RULES = doc("monitoring/odori.rules.yaml");
const BOARD = doc("monitoring/odori-dashboard.json");
const FLAGS = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];

/** The programs of the page, by the file name in their first line. */
const programs = new Map(
  [...PAGE.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g)].map(([, file = "", code = ""]) => [
    file,
    code,
  ]),
);

/** A collector: what was sent to it, as JSON. */
async function collector() {
  const received: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      received.push(`${request.url} ${body}`);
      response.setHeader("content-type", "application/json").end("{}");
    });
  });
  const port = await freePort();
  await once(server.listen(port, "127.0.0.1"), "listening");
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { received, url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: close };
}

/** Runs the programs of the page until `use` has seen enough, and then ends them by SIGTERM. */
async function running(env: NodeJS.ProcessEnv, use: () => Promise<void>): Promise<string> {
  using folder = programFolder("telemetry.ts", programs.get("telemetry.ts") ?? "");
  writeFileSync(join(folder.path, "shop.ts"), programs.get("shop.ts") ?? "");
  const child = spawn(process.execPath, [...FLAGS, "shop.ts"], {
    cwd: folder.path,
    env: { ...process.env, ...env },
  });
  let err = "";
  child.stderr.on("data", (chunk) => (err += chunk));
  const ended = once(child, "close");
  try {
    await use();
  } finally {
    child.kill("SIGTERM");
    await ended;
  }
  return err;
}

it("the programs of the page send traces over OTLP, and show metrics", async () => {
  await using otlp = await collector();
  const metricsPort = await freePort();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url, METRICS_PORT: String(metricsPort) };
  let shown = "";
  const err = await running(env, async () => {
    const scrape = async () => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    shown = await eventually("both events are published", scrape, (text) =>
      /sent_messages_total\{[^}]*payment\.charged/.test(text),
    );
  });
  expect(err).toBe("");
  // What is left is sent at the end.
  const sent = otlp.received.join("\n");
  expect(otlp.received.every((one) => one.startsWith("/v1/traces "))).toBe(true);
  for (const name of [
    "begin order.placed.v1",
    "process order.placed.v1",
    "send payment.charged.v1",
  ])
    expect(sent).toContain(`"name":"${name}"`);

  await using stage = await ConsoleStage.open(["done"]);
  shown += (await stage.ask("/metrics")).text;
  const known = new Set([...shown.matchAll(/^# TYPE (\S+) /gm)].map(([, name = ""]) => name));
  const documented = [...PAGE.matchAll(/^\| `[a-z._]+` \| `([a-z_]+)` \|/gm)].map(
    ([, n]) => n ?? "",
  );
  expect(documented.length).toBe(16);
  expect(documented.filter((name) => !known.has(name))).toEqual([]);
  // Of a duration the name is a pattern: an exporter may add its unit.
  const metric = /\b(?:odori|messaging)_[a-z_]+(?=\{|\(_seconds| offset|\[|\)|$)/g;
  for (const expression of expressions()) {
    const names = [...expression.matchAll(metric)].map(([name]) => name);
    const used = names.map((name) => name.replace(/_(?:bucket|sum|count)$/, ""));
    expect([expression, used.filter((name) => !known.has(name) && !isLabel(name))]).toEqual([
      expression,
      [],
    ]);
    expect([expression, used.some((name) => known.has(name))]).toEqual([expression, true]);
  }
  const labels = new Set([...shown.matchAll(/([a-z_]+)="/g)].map(([, name = ""]) => name));
  const wanted = expressions().flatMap((one) =>
    [...one.matchAll(/(\w+)(?:=~|!=|=)"/g)].map(([, name = ""]) => name),
  );
  expect(
    wanted.filter((name) => !labels.has(name) && !["error_type", "__name__"].includes(name)),
  ).toEqual([]);
});

function isLabel(name: string): boolean {
  return /^(?:odori_(?:service|state|reaction|disposition)|messaging_\w+_name)$/.test(name);
}

/** The queries of the rules and of the dashboard. */
function expressions(): readonly string[] {
  const board: { panels: { targets: { expr: string }[] }[] } = JSON.parse(BOARD);
  const panels = board.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  return [...rules().map(({ expr }) => expr), ...panels];
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly summary: string; readonly runbook: string };
}

function rules(): readonly Rule[] {
  const file: { groups: { rules: Rule[] }[] } = parse(RULES);
  return file.groups.flatMap((group) => group.rules);
}

it("each alert has a section of the page on alerts", () => {
  const slugs = [...ALERTS.matchAll(/^## (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^a-z0-9 -]/g, "")
      .replaceAll(" ", "-"),
  );
  expect(rules().length).toBeGreaterThanOrEqual(10);
  for (const { alert, annotations } of rules()) {
    const [page, slug = ""] = annotations.runbook.split("#");
    expect([alert, page, slugs]).toEqual([
      alert,
      "docs/how-to/alerts.md",
      expect.arrayContaining([slug]),
    ]);
    expect(annotations.summary).toContain("$labels.");
  }
});

it("the panels of the dashboard have ids and places of their own", () => {
  const board: { panels: { id: number; gridPos: { x: number; y: number } }[] } = JSON.parse(BOARD);
  const places = board.panels.map(({ gridPos }) => `${gridPos.x},${gridPos.y}`);
  expect(new Set(board.panels.map(({ id }) => id)).size).toBe(board.panels.length);
  expect(new Set(places).size).toBe(places.length);
});
