/* The table of "The console" in docs/performance.md. */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { besideFigures } from "./console/beside.ts";
import { browserFigures } from "./console/browser.ts";
import { faultsFigure } from "./console/faults.ts";
import { feedFigure } from "./console/feed.ts";
import { FIGURES_HEAD, type Figure, figureRow } from "./console/figure.ts";
import { pageFigures } from "./console/pages.ts";
import { soak } from "./console/soak.ts";
import type { Servers } from "./harness/contestant.ts";
import { startServers } from "./harness/servers.ts";

const HELP = `Measures the console: its pages among a million sagas, how fast a projection is built,
how far it lags behind busy services and what it costs them, and its page in Chromium. Prints the
table of docs/performance.md.

  npm run bench:console                       about 10 minutes
  npm run bench:console -- --sagas 100000     among fewer sagas
  npm run bench:console -- --quick            short rounds: whether it runs at all
  npm run bench:console -- --only beside      one of pages, feed, beside, faults, browser
  taskset -c 0 npm run bench:console -- --only beside --observer-core 1
                                              the services and their server have one core, and the
                                              observer another one: what it costs beside its time
  npm run bench:console -- --soak-minutes 60  instead, orders beside an observer for an hour: what
                                              it says wrongly, and its memory; exit status 1 if
                                              something was wrong
`;

const { values } = parseArgs({
  options: {
    sagas: { type: "string", default: "1000000" },
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    "soak-minutes": { type: "string" },
    "observer-core": { type: "string" },
    help: { type: "boolean", short: "h" },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const { quick } = values;
const core = values["observer-core"];
if (core !== undefined && !/^\d{1,4}$/.test(core)) {
  process.stderr.write("--observer-core is the number of a core, from 0.\n");
  process.exit(2);
}
const sizes = {
  ...(quick
    ? { sagas: 500, rounds: 1, seconds: 2, pacedRounds: 1 }
    : { sagas: 10_000, rounds: 6, seconds: 6, pacedRounds: 6 }),
  // One core is not enough for 1,000 sagas a second on Postgres.
  ...(core === undefined ? { pace: 1_000 } : { pace: 400, observerCore: Number(core) }),
};
const PARTS: Readonly<Record<string, (servers: Servers) => Promise<readonly Figure[]>>> = {
  pages: async () => pageFigures(folder, quick ? 10_000 : Number(values.sagas)),
  feed: async () => [await feedFigure(folder, quick ? 500 : 5_000)],
  beside: (servers) => besideFigures(servers, sizes),
  faults: async () => [await faultsFigure(folder, quick ? 1 : 10)],
  browser: () => browserFigures(folder),
};
if (values.only !== undefined && !Object.hasOwn(PARTS, values.only)) {
  process.stderr.write(`--only takes one of ${Object.keys(PARTS).join(", ")}.\n`);
  process.exit(2);
}
const soakMinutes = Number(values["soak-minutes"] ?? 1);
if (!(soakMinutes > 0 && Number.isSafeInteger(soakMinutes))) {
  process.stderr.write("--soak-minutes is a whole number above 0.\n");
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), "odori-bench-console-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
process.once("SIGINT", () => process.exit(130));
if (values["soak-minutes"] !== undefined) {
  const wrong = await soak(folder, soakMinutes);
  process.stdout.write(`\n${wrong.length === 0 ? "Nothing was wrong." : wrong.join("\n")}\n`);
  process.exit(wrong.length === 0 ? 0 : 1);
}
const { servers, stop } = await startServers(new Set(["postgres"]));

function print(figures: readonly Figure[]): void {
  for (const figure of figures) process.stdout.write(figureRow(figure));
}

try {
  const load = loadavg()[0]?.toFixed(1) ?? "?";
  process.stdout.write(
    `Node ${process.version}, ${cpus().length} cores, load ${load}\n\n${FIGURES_HEAD}`,
  );
  for (const [name, figures] of Object.entries(PARTS))
    if (values.only === undefined || values.only === name) print(await figures(servers));
} finally {
  await stop();
}
