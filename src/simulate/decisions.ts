import { numbers } from "../virtual/clock.ts";
import type { RecordedStep } from "./record.ts";

/** A decision of a run that was not the calm one, which is 0. */
export interface Departure {
  /** Where it was taken, such as `crash payment` or `next`. */
  readonly site: string;
  /** How often a decision was taken there before, in this run. */
  readonly index: number;
  readonly value: number;
}

/** The departures of a run from the calm one, in the order in which they were taken. */
export type Schedule = readonly Departure[];

/** A decision that was asked for, and between how many ways. */
export interface Question {
  readonly site: string;
  readonly index: number;
  readonly ways: number;
}

/**
 * A place where decisions of one kind are taken, counted: that names each of them. Without a
 * departure of one site, those of the others keep their names.
 */
export class Site {
  readonly name: string;
  count = 0;
  /** By index, the departures that are to be taken again. */
  planned: ReadonlyMap<number, number> | undefined;

  constructor(name: string) {
    this.name = name;
  }
}

/** The sites of a simulation: the same objects in every run. */
export class Sites {
  readonly #all = new Map<string, Site>();
  /** The same. */
  readonly #list: Site[] = [];

  of(name: string): Site {
    const known = this.#all.get(name);
    if (known !== undefined) return known;
    const site = new Site(name);
    this.#all.set(name, site);
    this.#list.push(site);
    return site;
  }

  /** Prepares them for a run that takes the departures of a schedule. */
  begin(schedule: Schedule): void {
    for (const site of this.#list) {
      site.count = 0;
      site.planned = undefined;
    }
    if (schedule.length === 0) return;
    for (const [name, all] of Map.groupBy(schedule, ({ site }) => site))
      this.of(name).planned = new Map(all.map(({ index, value }) => [index, value]));
  }
}

/**
 * What decides a run: a seed draws, a schedule repeats the departures of an earlier run, or a saga
 * is played as it was recorded, with the data of a schedule.
 */
export type Course =
  | { readonly seed: number }
  | { readonly schedule: Schedule }
  | { readonly recorded: readonly RecordedStep[]; readonly schedule?: Schedule };

/** Takes the decisions of one run, and notes those that depart from the calm run. */
export class Decisions {
  readonly taken: Departure[] = [];
  /** Every decision, if they are asked for. */
  readonly questions: Question[] | undefined;
  /** Whether it repeats a schedule. */
  readonly repeats: boolean;
  /** Numbers from 0 to below 1, by the seed. */
  readonly random: () => number;

  constructor(sites: Sites, course: Course, { asks = false }: { readonly asks?: boolean } = {}) {
    this.repeats = !("seed" in course);
    sites.begin("schedule" in course ? (course.schedule ?? []) : []);
    this.random = numbers("seed" in course ? course.seed : 0);
    this.questions = asks ? [] : undefined;
  }

  /** A whole number from 0 to below `ways`. */
  below(ways: number): number {
    return Math.floor(this.random() * ways);
  }

  /** Takes a way that something else has chosen: the guide of a recorded saga. */
  take(site: Site, ways: number, value: number): number {
    const index = site.count++;
    const taken = Math.min(value, ways - 1);
    if (taken !== 0) this.taken.push({ site: site.name, index, value: taken });
    return taken;
  }

  /** Takes one of several ways: what `draw` says, or what the schedule says. */
  decide(site: Site, ways: number, draw: () => number): number {
    const index = site.count++;
    this.questions?.push({ site: site.name, index, ways });
    const value = this.repeats ? Math.min(ways - 1, site.planned?.get(index) ?? 0) : draw();
    if (value !== 0) this.taken.push({ site: site.name, index, value });
    return value;
  }

  /** Decides whether something happens, with a probability. */
  chance(site: Site, probability: number): boolean {
    const index = site.count++;
    this.questions?.push({ site: site.name, index, ways: 2 });
    const happens = this.repeats
      ? (site.planned?.get(index) ?? 0) !== 0
      : probability > 0 && this.random() < probability;
    if (happens) this.taken.push({ site: site.name, index, value: 1 });
    return happens;
  }
}
