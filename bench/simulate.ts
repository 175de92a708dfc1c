import { fileURLToPath } from "node:url";
import fc from "fast-check";
import order from "../examples/order/choreography.ts";
import { orders } from "../examples/order/order.simulation.ts";
import { compile } from "../src/check/compile.ts";
import { explore } from "../src/check/explore.ts";
import { REDUCED } from "../src/check/reductions.ts";
import { toManifest } from "../src/manifest/read.ts";
import { search } from "../src/simulate/search.ts";
import { simulation } from "../src/simulate/simulation.ts";
import { randomManifest } from "../test/check/random.ts";
import { playedCases } from "../test/simulate/cases.ts";
import { asRunnable, codesFound } from "../test/simulate/played.ts";
import { tripWith } from "../test/simulate/trip.ts";
import { tableHead, tableRow } from "./harness/markdown.ts";
import * as measure from "./simulate/measures.ts";

/*
 * Measures the simulation: whether runs repeat, how fast they are, what they find, and that they
 * find nothing where nothing is wrong. `--quick` takes about a minute.
 */

const quick = process.argv.includes("--quick");
const many = (count: number) => (quick ? Math.ceil(count / 50) : count);
const show = (line: string) => process.stdout.write(`${line}\n`);
const row = (what: string, figure: string) => show(tableRow([what, figure]));
const number = (value: number) => Math.round(value).toLocaleString("en");

// What a handler of a dead process leaves behind.
process.on("unhandledRejection", () => {});

const trip = tripWith();
const oneOrder = simulation(order, orders(1));
const threeOrders = simulation(order, orders(3));
const trips = simulation(trip.choreography, trip.options);
const pairs = simulation(trip.choreography, { ...trip.options, instances: { flight: 2, trip: 2 } });
const MODULE = fileURLToPath(new URL("../examples/order/order.simulation.ts", import.meta.url));

show(tableHead(["what", "figure"]));
await determinism();
await speeds();
await finds();
await quietness();
await agreement();
await coverage();

async function determinism(): Promise<void> {
  for (const [name, what] of [
    ["trip", trips],
    ["trip, two instances", pairs],
  ] as const) {
    const seeds = many(1_000);
    row(`runs that differ, of ${seeds} (${name})`, `${await measure.unlike(what, seeds)}`);
  }
}

async function speeds(): Promise<void> {
  for (const [name, what] of [
    ["one order", oneOrder],
    ["1-3 orders", threeOrders],
    ["1-3 trips", trips],
  ] as const) {
    const { perSecond, cpuMicros } = await measure.speed(what, many(20_000));
    row(
      `seeds a second, one thread (${name})`,
      `${number(perSecond)} (${number(cpuMicros)} µs CPU)`,
    );
  }
  const all = await measure.speedInThreads(MODULE, many(50_000));
  row("seeds a second, all cores (1-3 orders)", number(all));
  const bytes = await measure.growth(await oneOrder.prepare(), many(100_000));
  row(`heap left by ${number(many(100_000))} seeds`, `${number(bytes / 1_024)} kB`);
}

async function finds(): Promise<void> {
  for (const { bug, median, worst, departures, ms, repeats } of await measure.finds(300))
    row(
      `seeds to find: ${bug}`,
      `${median}, worst of ten ${worst}; shrunk to ${departures} in ${number(ms)} ms` +
        (repeats ? "" : "; does not repeat"),
    );
}

async function quietness(): Promise<void> {
  for (const [name, what] of [
    ["orders", threeOrders],
    ["trips", trips],
  ] as const) {
    const { failed } = await measure.speed(what, many(500_000));
    row(`findings in ${number(many(500_000))} seeds (${name})`, `${failed}`);
  }
  const { runs, failed, seconds } = await measure.departures(oneOrder, quick ? 1 : 2);
  row(`findings in all ${number(runs)} schedules of one order`, `${failed} (${number(seconds)} s)`);
}

async function agreement(): Promise<void> {
  let differ = 0;
  for (const { manifest, codes } of playedCases) {
    const found = await codesFound(toManifest(manifest), { from: 1, seeds: many(300) });
    const known: readonly string[] = codes;
    if ([...found.keys()].some((code) => !known.includes(code))) differ++;
  }
  row(`catalogue choreographies that disagree, of ${playedCases.length}`, `${differ}`);
  let random = 0;
  let played = 0;
  for (const raw of fc.sample(randomManifest(0), { seed: 1, numRuns: many(7_000) })) {
    const manifest = asRunnable(raw);
    const model = compile(manifest, { reductions: REDUCED });
    const { exhaustive, counterexamples } = explore(model, { statesMax: 2_000 });
    const known: readonly string[] = counterexamples.map(({ violation }) => violation.code);
    if (!exhaustive || known.includes("UNBOUNDED_LOOP")) continue;
    played++;
    const found = await codesFound(manifest, { from: 1, seeds: 10 });
    if ([...found.keys()].some((code) => !known.includes(code))) random++;
  }
  row(`random choreographies that disagree, of ${number(played)}`, `${random}`);
}

async function coverage(): Promise<void> {
  const stage = await trips.prepare();
  await search(stage, { from: 1, seeds: 1_000 });
  const foreseen = stage.map.foresee()?.states ?? new Set();
  const reached = [...foreseen].filter((state) => stage.reached.states.has(state)).length;
  row("states of the trip reached by 1,000 seeds", `${reached} of ${foreseen.size}`);
}
