import { fileURLToPath } from "node:url";
import order from "../../examples/order/choreography.ts";
import { orders } from "../../examples/order/order.simulation.ts";
import { type Simulation, simulation } from "../../src/simulate/simulation.ts";
import { chargeOnce, pgShopWith } from "../../test/simulate/pg-shop.ts";
import { tripWith } from "../../test/simulate/trip.ts";
import { agreement } from "./agreement.ts";
import { counts } from "./counts.ts";
import { finds } from "./finds.ts";
import * as measure from "./measures.ts";
import type { Row } from "./row.ts";

/** Runs that are compared with themselves, at most. */
const COMPARED_MAX = 1_000;
/** The SQLite store is some times as slow. */
const SQLITE_SHARE = 4;
/** PGlite is some ten times as slow, and its time is not V8's. */
const PGLITE = { share: 40, warmUp: 100 };
/** Random choreographies that are drawn: this part of the seeds of a speed. */
const RANDOM_SHARE = 10;
/** All pairs of departures are some ten thousand runs. */
const SYSTEMATIC_FROM = 5_000;
const REACHED_BY = 1_000;

const trip = tripWith();
const oneOrder = simulation(order, orders(1));
const threeOrders = simulation(order, orders(3));
const trips = simulation(trip.choreography, trip.options);
const pairs = simulation(trip.choreography, { ...trip.options, instances: { flight: 2, trip: 2 } });
const shop = pgShopWith(chargeOnce);
const pgShop = simulation(shop.choreography, shop.options);
const MODULE = fileURLToPath(new URL("one-order.simulation.ts", import.meta.url));

const number = (value: number) => Math.round(value).toLocaleString("en");

/** The rows, in which a speed is that of `seeds` seeds. */
export function rows(seeds: number): readonly Row[] {
  return [
    speed("one order", "2,500/s", oneOrder, { seeds }),
    speed("1-3 orders", "1,750/s", threeOrders, { seeds }),
    speed("1-3 trips", "-", trips, { seeds }),
    speed("one order, --store sqlite", "750/s", oneOrder, {
      seeds: Math.ceil(seeds / SQLITE_SHARE),
      store: "sqlite",
    }),
    speed("1-3 orders of a shop, --store pglite", "125/s", pgShop, {
      seeds: Math.ceil(seeds / PGLITE.share),
      warmUp: PGLITE.warmUp,
    }),
    threads(seeds),
    counts("one order", oneOrder),
    counts("one order, --store sqlite", oneOrder, "sqlite"),
    heap(seeds * 2),
    differ("trip", trips, Math.min(COMPARED_MAX, seeds)),
    differ("trip, two instances", pairs, Math.min(COMPARED_MAX, seeds)),
    ...finds,
    quiet("1-3 orders", threeOrders, seeds),
    quiet("1-3 trips", trips, seeds),
    systematic("one order", oneOrder, seeds < SYSTEMATIC_FROM ? 1 : 2),
    systematic("1-3 trips", trips, 1),
    ...agreement(Math.ceil(seeds / RANDOM_SHARE)),
    reached(trips, REACHED_BY),
  ];
}

/** One thread: half of what two idle cores have to do. */
function speed<Native>(
  name: string,
  goal: string,
  of: Simulation<Native>,
  what: measure.SpeedOptions,
): Row {
  return {
    what: `speed, one thread: ${name}`,
    goal,
    async measure(onRun) {
      const figure = await measure.speed(of, what, onRun);
      const { perSecond, cpuMicros, failed } = figure;
      const wrong = failed === 0 ? "" : ", and a finding";
      return { text: `${number(perSecond)}/s, ${number(cpuMicros)} µs CPU${wrong}`, ...figure };
    },
  };
}

/** How much all cores are faster than one. */
function threads(seeds: number): Row {
  return {
    what: "speed, all cores: one order",
    goal: "5,000/s on two",
    async measure(onRun) {
      const one = await measure.speedInThreads(MODULE, { seeds, workers: 1 }, onRun);
      const all = await measure.speedInThreads(MODULE, { seeds }, onRun);
      const times = (all.warmPerSecond / one.warmPerSecond).toFixed(2);
      const cold = (all.perSecond / one.perSecond).toFixed(2);
      const cpu = `${number(all.cpuMicros)} µs CPU against ${number(one.cpuMicros)}`;
      const text =
        `${number(all.warmPerSecond)}/s once warm, ${times} times one thread; ` +
        `with starts ${number(all.perSecond)}/s, ${cold} times; ${cpu}`;
      const ofOne = {
        perSecondOfOne: one.perSecond,
        warmPerSecondOfOne: one.warmPerSecond,
        cpuMicrosOfOne: one.cpuMicros,
      };
      return { text, ...all, ...ofOne };
    },
  };
}

function heap(seeds: number): Row {
  return {
    what: `heap left by ${number(seeds)} seeds of one order`,
    goal: "flat",
    async measure(onRun) {
      const bytes = await measure.growth(oneOrder, seeds, onRun);
      return { text: `${number(bytes / 1_024)} kB`, bytes };
    },
  };
}

function differ<Native>(name: string, of: Simulation<Native>, seeds: number): Row {
  return {
    what: `repeats: ${seeds} seeds that differ in reverse order or from their schedule: ${name}`,
    goal: "0",
    async measure(onRun) {
      const unlike = await measure.unlike(of, seeds, onRun);
      return { text: number(unlike), unlike };
    },
  };
}

function quiet<Native>(name: string, of: Simulation<Native>, seeds: number): Row {
  return {
    what: `quiet: findings in ${number(seeds)} seeds of ${name}`,
    goal: "0",
    async measure(onRun) {
      const { failed } = await measure.speed(of, { seeds }, onRun);
      return { text: number(failed), failed };
    },
  };
}

function systematic<Native>(name: string, of: Simulation<Native>, most: number): Row {
  return {
    what: `quiet: findings in all schedules of ${name} with at most ${most} departures`,
    goal: "0",
    async measure(onRun) {
      const figure = await measure.departures(of, most, onRun);
      const text = `${figure.failed} in ${number(figure.runs)}, ${number(figure.seconds)} s`;
      return { text, ...figure };
    },
  };
}

function reached<Native>(of: Simulation<Native>, seeds: number): Row {
  return {
    what: `coverage: states of the trip that ${number(seeds)} seeds reach`,
    goal: "98 %",
    async measure(onRun) {
      const { reached, foreseen } = await measure.coverage(of, seeds, onRun);
      return { text: `${reached} of ${foreseen}`, reached, foreseen };
    },
  };
}
