import type { Outlook } from "../check/from-here/from-here.ts";
import type { Reach } from "../observe/reach.ts";
import { type ServiceHistory, type SummaryContext, summarize } from "../observe/summary.ts";
import type { NotRead } from "./attendance.ts";
import { type EarlyDelivery, earlyIn, uncountedIn } from "./ledger.ts";
import { hearersOfAll, type Observed } from "./observed.ts";
import { type Judged, parkedIn } from "./saga-rows.ts";
import { hasGivenUp, sagaVerdict } from "./verdict.ts";

/** Says what may happen in a saga, from what the services that were read have of it. */
export type Foresee = (
  parts: readonly ServiceHistory[],
  read: ReadonlySet<string>,
) => Outlook | undefined | Promise<Outlook | undefined>;

/** What a judge knows besides the services. */
interface JudgeOptions {
  readonly ends: SummaryContext["ends"];
  /** Without it no verdict looks ahead. */
  readonly foresee: Foresee | undefined;
  /** What the buses cannot hold any more. */
  readonly reach: Reach | undefined;
  /** Whether the cause of a delivery may still be told. */
  readonly mayBeTold: (early: EarlyDelivery) => boolean;
}

/** Judges sagas by what all services have declared. */
export class SagaJudge {
  readonly #context: SummaryContext;
  readonly #foresee: Foresee | undefined;
  readonly #mayBeTold: JudgeOptions["mayBeTold"];
  readonly #services: ReadonlyMap<string, Observed>;
  /** How the services are named as sources of events. */
  readonly #names: ReadonlySet<string>;

  constructor(services: readonly Observed[], { ends, foresee, reach, mayBeTold }: JudgeOptions) {
    this.#context = { ends, hearers: [hearersOfAll(services)], reach };
    this.#foresee = foresee;
    this.#mayBeTold = mayBeTold;
    this.#services = new Map(services.map((one) => [one.service, one]));
    this.#names = new Set(services.map(({ service }) => `/${service}`));
  }

  /**
   * Judges a saga. Undefined if no service has any of it.
   *
   * @param notRead services that may have a part in it, and were not read
   */
  async judge(
    own: readonly ServiceHistory[],
    { away: unread, unnamed: declared }: NotRead,
  ): Promise<Judged | undefined> {
    const full = summarize(own, this.#context);
    if (full === undefined) return undefined;
    // It may have come where nothing can be read.
    const open = full.open.filter(({ service }) => !unread.includes(service));
    const { hearers } = this.#context;
    const early = earlyIn(own, hearers, this.#names);
    // What has ended does not need what others have of it.
    const unnamed = full.end === undefined ? declared : [];
    const isPartial = unread.length > 0 || unnamed.some(({ goesOn }) => goesOn);
    // An emitter that was read before its hearer has done more than is known.
    const isEarly = early.some((one) => this.#mayBeTold(one));
    const rests = isPartial || isEarly ? undefined : full.rests;
    const summary = { ...full, open, rests };
    const looking = isPartial || isEarly || !hasGivenUp(own) ? undefined : this.#foresee;
    const outlook = await looking?.(own, new Set(this.#services.keys()));
    const illegal = own.some(({ service, history }) =>
      history.journal.some(
        (record) => this.#services.get(service)?.legality.allows(record) === false,
      ),
    );
    const verdict = sagaVerdict({ summary, outlook, illegal, isPartial, isEarly });
    const uncounted = uncountedIn(own, hearers, this.#names);
    const names = unnamed.map(({ service }) => service);
    return { summary, verdict, parked: parkedIn(own), early, uncounted, unread, unnamed: names };
  }
}
