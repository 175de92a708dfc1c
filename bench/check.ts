import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import order from "../examples/order/choreography.ts";
import { compile } from "../src/check/compile.ts";
import { explore } from "../src/check/explore.ts";
import { REDUCED, UNREDUCED } from "../src/check/reductions.ts";
import { checkRolling } from "../src/check/rolling/check-rolling.ts";
import { manifestOf } from "../src/manifest/from-code.ts";
import { flowGraph } from "../src/manifest/graph.ts";
import type { Manifest } from "../src/manifest/manifest.ts";
import { toManifest } from "../src/manifest/read.ts";
import { large } from "../test/check/large.ts";
import { DEPLOYMENTS } from "../test/check/rolling-cases.ts";
import { tableHead, tableRow } from "./harness/markdown.ts";

/*
 * Measures the checker with and without reduction, and the whole command. The figures are medians
 * of alternating rounds.
 */

const ROUNDS = 7;
const STATES_MAX = 400_000;

/** Twelve stages of two services, and two that only listen: 39 services and 99 events. */
function thirtyNine(): Manifest {
  const base = large({ stages: 12, width: 2 });
  const services = {
    ...Object(base.services),
    mail: { reactions: [{ on: ["order.completed.v1"], readonly: true }] },
    audit: {
      reactions: [{ on: ["order.cancelled.v1"], emits: ["audit.closed.v1"], readonly: true }],
    },
  };
  return toManifest({ ...base, services, external: ["audit.closed.v1"] });
}

const subjects: readonly (readonly [string, Manifest])[] = [
  ["the order saga", manifestOf(order)],
  ["39 services, 99 events", thirtyNine()],
  ["9 stages of 3 services", toManifest(large({ stages: 9, width: 3 }))],
  ["7 stages of 4 services", toManifest(large({ stages: 7, width: 4 }))],
];

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

process.stdout.write(
  `Node ${process.version}, ${cpus().length} cores, ` +
    `median of ${ROUNDS} alternating rounds after a first one\n\n`,
);
process.stdout.write(
  tableHead([
    "choreography",
    "services, events",
    "search",
    "states",
    "ms",
    "first, ms",
    "states/s",
  ]),
);
const times = new Map<string, number[]>();
for (let round = 0; round <= ROUNDS; round++) {
  for (const [name, manifest] of subjects) {
    for (const reduction of [true, false]) {
      const model = compile(manifest, { reductions: reduction ? REDUCED : UNREDUCED });
      const began = performance.now();
      explore(model, { statesMax: STATES_MAX });
      const key = `${name} ${reduction}`;
      times.set(key, [...(times.get(key) ?? []), performance.now() - began]);
    }
  }
}
for (const [name, manifest] of subjects) {
  for (const reduction of [true, false]) {
    const model = compile(manifest, { reductions: reduction ? REDUCED : UNREDUCED });
    const { states, exhaustive } = explore(model, { statesMax: STATES_MAX });
    const [first = Number.NaN, ...rest] = times.get(`${name} ${reduction}`) ?? [];
    const ms = median(rest);
    const size = `${manifest.services.size}, ${flowGraph(manifest).types.length}`;
    const reached = `${states.toLocaleString("en")}${exhaustive ? "" : " and more"}`;
    process.stdout.write(
      tableRow([
        name,
        size,
        reduction ? "reduced" : "unreduced",
        reached,
        ms.toFixed(1),
        first.toFixed(1),
        Math.round((states / ms) * 1_000).toLocaleString("en"),
      ]),
    );
  }
}

process.stdout.write(`\n${tableHead(["deployment", "found", "states", "ms", "first, ms"])}`);
for (const { name, old, now, service, rollback = false, codes } of DEPLOYMENTS) {
  const rounds = Array.from({ length: ROUNDS + 1 }, () => {
    const began = performance.now();
    const { steps } = checkRolling(old, now, { services: [service], rollback });
    return { ms: performance.now() - began, states: steps[0]?.states ?? 0 };
  });
  const [first, ...rest] = rounds;
  process.stdout.write(
    tableRow([
      name,
      codes.join(", ") || "safe",
      `${first?.states}`,
      median(rest.map(({ ms }) => ms)).toFixed(1),
      (first?.ms ?? Number.NaN).toFixed(1),
    ]),
  );
}

const [main, example] = ["../dist/cli/main.js", "../examples/order/choreography.ts"].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);
const commands = Array.from({ length: ROUNDS + 1 }, () => {
  const began = performance.now();
  const { status } = spawnSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", main ?? "", "check", example ?? ""],
    {
      stdio: "ignore",
    },
  );
  if (status !== 0) throw new Error("`odori check` failed: build first, with npm run build");
  return performance.now() - began;
});
process.stdout.write(
  "\n`odori check` on the order saga, as a command: " +
    `${Math.round(median(commands.slice(1)))} ms\n`,
);
