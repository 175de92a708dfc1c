import type { Manifest } from "../manifest/manifest.ts";
import type { BusWatch } from "../observe/bus-watch.ts";
import type { SummaryContext } from "../observe/summary.ts";
import type { JournalSource } from "../ports/source.ts";
import type { Projection } from "./projection.ts";
import type { Foresee } from "./saga-judge.ts";

/** What an observer works with. */
export interface ObserverOptions {
  readonly sources: readonly JournalSource[];
  readonly projection: Projection;
  /** Foresees what may happen in a saga; without it no verdict looks ahead. */
  readonly foresee?: Foresee | undefined;
  readonly ends?: SummaryContext["ends"];
  /**
   * Says which services may have a part in a saga: where no source of one is named, nothing is said
   * of a saga that its absence would have to prove.
   * @default only those whose sources are named
   */
  readonly choreography?: Manifest | undefined;
  /**
   * Most rows of a page of each feed.
   * @default 4_000
   */
  readonly pageRows?: number;
  /**
   * Milliseconds since 1970.
   * @default Date.now
   */
  readonly now?: () => number;
  /**
   * A source that takes longer is away, in milliseconds: the others are not to wait for it.
   * @default 15_000
   */
  readonly replyMs?: number;
  /**
   * What the bus cannot hold any more.
   * @default a watch that asks what the services tell of their bus
   */
  readonly buses?: BusWatch;
}
