import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { compile } from "../src/check/compile.ts";
import { explore } from "../src/check/explore.ts";
import { REDUCED, type Reductions, UNREDUCED } from "../src/check/reductions.ts";
import { flowGraph } from "../src/manifest/graph.ts";
import { toManifest } from "../src/manifest/read.ts";
import { mutual, nested, rowOfWaits, waits } from "../test/check/families.ts";
import { large } from "../test/check/large.ts";
import { tableHead, tableRow } from "./harness/markdown.ts";

/*
 * Measures how far the proof scales: families of choreographies, searched without reductions, with
 * some of them, and with all. Each search has a process of its own, so that its peak of
 * memory can be read. `--states` and `--seconds` bound each one.
 */

const FAMILIES: readonly (readonly [string, () => Readonly<Record<string, unknown>>])[] = [
  ["8 legs with mutual undo", () => mutual(8)],
  ["12 legs with mutual undo", () => mutual(12)],
  ["16 legs with mutual undo", () => mutual(16)],
  ["2 nested sagas of 2 legs", () => nested(2, 2)],
  ["2 nested sagas of 4 legs", () => nested(2, 4)],
  ["3 nested sagas of 3 legs", () => nested(3, 3)],
  ["5 waits with deadlines", () => waits(5)],
  ["8 waits with deadlines", () => waits(8)],
  ["20 waits with deadlines", () => waits(20)],
  ["a row of 39 waits", () => rowOfWaits(39)],
  ["12 stages of 2 services", () => large({ stages: 12, width: 2 })],
];

const SEARCHES: readonly (readonly [string, Reductions])[] = [
  ["none", UNREDUCED],
  ["order", { ...UNREDUCED, order: true }],
  ["all but symmetry", { ...REDUCED, symmetry: false }],
  ["all", REDUCED],
];

const STATES_MAX = numberAfter("--states") ?? 1_000_000;
const SECONDS_MAX = numberAfter("--seconds") ?? 30;

function numberAfter(flag: string): number | undefined {
  const place = process.argv.indexOf(flag);
  return place < 0 ? undefined : Number(process.argv[place + 1]);
}

/** Searches one family in this process, and prints the figures as JSON. */
function measure(family: number, search: number): void {
  const manifest = toManifest(FAMILIES[family]?.[1]() ?? {});
  const began = performance.now();
  const model = compile(manifest, { reductions: SEARCHES[search]?.[1] ?? REDUCED });
  const { states, exhaustive } = explore(model, {
    statesMax: STATES_MAX,
    millisecondsMax: SECONDS_MAX * 1_000,
  });
  const seconds = (performance.now() - began) / 1_000;
  const megabytes = process.resourceUsage().maxRSS / 1_024;
  const size = `${manifest.services.size}, ${flowGraph(manifest).types.length}`;
  process.stdout.write(JSON.stringify({ size, states, exhaustive, seconds, megabytes }));
}

function table(): void {
  process.stdout.write(
    `Node ${process.version}, ${cpus().length} cores; at most ` +
      `${STATES_MAX.toLocaleString("en")} states and ${SECONDS_MAX} seconds\n\n`,
  );
  process.stdout.write(
    tableHead(["choreography", "services, events", "reductions", "states", "seconds", "peak, MB"]),
  );
  for (const [family, [name]] of FAMILIES.entries()) {
    for (const [search, [reductions]] of SEARCHES.entries()) {
      const { stdout } = spawnSync(
        process.execPath,
        [
          ...process.execArgv,
          fileURLToPath(import.meta.url),
          ...process.argv.slice(2),
          ...["--measure", `${family}`, `${search}`],
        ],
        { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
      );
      const { size, states, exhaustive, seconds, megabytes } = JSON.parse(stdout);
      process.stdout.write(
        tableRow([
          name,
          size,
          reductions,
          `${states.toLocaleString("en")}${exhaustive ? "" : " and more"}`,
          seconds.toFixed(2),
          Math.round(megabytes).toLocaleString("en"),
        ]),
      );
    }
  }
}

const place = process.argv.indexOf("--measure");
if (place < 0) table();
else measure(Number(process.argv[place + 1]), Number(process.argv[place + 2]));
