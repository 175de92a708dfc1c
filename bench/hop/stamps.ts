import type { CrashPoint } from "odori";
import { SERVICES, type ServiceName } from "../harness/contestant.ts";

/** What a hop consists of: from the commit of one service to that of the next. */
export const PARTS = ["bus", "lane", "look-up", "handler", "rows", "commit"] as const;
export type Part = (typeof PARTS)[number];

/** The points at which each part of a hop ends. */
const ENDS: Readonly<Record<Part, CrashPoint>> = {
  bus: "received",
  lane: "opened",
  "look-up": "looked_up",
  handler: "handled",
  rows: "written",
  commit: "committed",
};

/** How long each part of one hop took, in milliseconds. */
export type Hop = Readonly<Record<Part, number>>;

/** The points that one saga passes while no other is under way. */
export class Stamps {
  #passed: { readonly service: ServiceName; readonly point: CrashPoint; readonly at: number }[] =
    [];

  readonly passed = (service: ServiceName, point: CrashPoint): void => {
    this.#passed.push({ service, point, at: performance.now() });
  };

  /** The hops since the last call, after the first service; undefined if a point is missing. */
  take(): readonly Hop[] | undefined {
    const passed = this.#passed;
    this.#passed = [];
    // A transaction without a delivery passes points as well: each is looked for behind the last.
    let position = 0;
    const next = (service: ServiceName, point: CrashPoint): number | undefined => {
      const found = passed.findIndex(
        (one, at) => at >= position && one.service === service && one.point === point,
      );
      if (found < 0) return undefined;
      position = found;
      return passed[found]?.at;
    };
    const [first, ...others] = SERVICES;
    if (next(first, "handled") === undefined) return undefined;
    let before = next(first, "committed");
    const hops: Hop[] = [];
    for (const service of others) {
      const hop: Partial<Record<Part, number>> = {};
      for (const part of PARTS) {
        const at = next(service, ENDS[part]);
        if (at === undefined || before === undefined) return undefined;
        hop[part] = at - before;
        before = at;
      }
      if (isWhole(hop)) hops.push(hop);
    }
    return hops;
  }
}

function isWhole(hop: Partial<Hop>): hop is Hop {
  return PARTS.every((part) => hop[part] !== undefined);
}
