import { codeOf, OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import type { HearersOf } from "../observe/hearers.ts";
import type { ServiceHistory } from "../observe/summary.ts";
import { StoreUnavailableError } from "../ports/errors.ts";
import type { JournalSource, SourceAbout } from "../ports/source.ts";
import {
  type DeclaredService,
  hearersOfAll,
  isSameAbout,
  mayHavePart,
  type Observed,
  observed,
} from "./observed.ts";

/** A source that cannot be read now. */
export interface AwaySource {
  /** "" as long as its name is not known. */
  readonly service: string;
  /** Of the error of the last attempt. */
  readonly code: string;
  /** When it could first not be read: milliseconds since 1970. */
  readonly since: number;
}

/** A source that replies, and what its service has declared. */
export interface Present extends Observed {
  readonly source: JournalSource;
}

/** Who was there at one moment: one that comes back afterwards was not read with the others. */
export interface RollCall {
  readonly present: readonly Present[];
  /** Whether every source could be read. */
  readonly isComplete: boolean;
  /** The services that may have a part in a saga, and that were not read. */
  notReadIn(parts: readonly ServiceHistory[]): NotRead;
}

/** Services that may have a part in a saga, though what they have of it was not read. */
export interface NotRead {
  /** Their sources could not be read; "" for one whose declarations are not known. */
  readonly away: readonly string[];
  /** The choreography declares them, and no source of them was named. */
  readonly unnamed: readonly DeclaredService[];
}

/** Thrown where a source that was there could not be read: what was begun is begun again. */
export class SourceAway extends Error {}

/** The place of one source. */
interface Seat {
  readonly source: JournalSource;
  /** Undefined until it has replied once. */
  known: Observed | undefined;
  away: { readonly error: unknown; readonly since: number } | undefined;
  /** When it was last asked whether it is back. */
  asked: number;
  asking: boolean;
  /** When it came back last, and since when it had been away. */
  returned: { readonly at: number; readonly since: number } | undefined;
}

/** What an attendance is made from. */
interface AttendanceOptions {
  readonly sources: readonly JournalSource[];
  /** What services have declared that have not replied yet, from an earlier process. */
  readonly remembered: readonly SourceAbout[];
  /** What the choreography says of its services. */
  readonly declared: readonly DeclaredService[];
  readonly now: () => number;
  /** A source that takes longer is away. */
  readonly replyMs: number;
}

/** How often a source that is away is asked. */
const ASK_EVERY_MS = 1_000;
/** One that fails again this soon was never back. */
const STEADY_MS = 5_000;

/**
 * Knows which sources can be read. One that fails is away until it replies again, and is asked
 * apart from all others, so that none waits for it.
 */
export class Attendance {
  readonly #seats: readonly Seat[];
  readonly #now: () => number;
  readonly #replyMs: number;
  /** What services have declared that have not replied yet, from an earlier process. */
  readonly #remembered: readonly Observed[];
  readonly #declared: readonly DeclaredService[];
  #began = false;
  #returned = true;

  constructor({ sources, remembered, declared, now, replyMs }: AttendanceOptions) {
    this.#replyMs = replyMs;
    this.#seats = sources.map((source) => ({
      ...{
        source,
        known: undefined,
        away: undefined,
        asked: 0,
        asking: false,
        returned: undefined,
      },
    }));
    this.#remembered = remembered.map(observed);
    this.#declared = declared;
    this.#now = now;
  }

  /** The sources that can be read, in their order. */
  get present(): readonly Present[] {
    return this.#seats.flatMap(({ source, known, away }) =>
      known === undefined || away !== undefined ? [] : [{ ...known, source }],
    );
  }

  get away(): readonly AwaySource[] {
    const unmet = this.#unmet();
    const unnamed = this.#seats.filter(({ known }) => known === undefined);
    return this.#seats.flatMap((seat) => {
      const { known, away } = seat;
      if (away === undefined) return [];
      // The one service that is missing is the one that cannot be read.
      const only = unnamed.length === 1 && unmet.length === 1 ? unmet[0]?.service : undefined;
      const service = known?.service ?? only ?? "";
      return { service, code: codeOf(away.error), since: away.since };
    });
  }

  /** Throws the error of a source that is away. */
  checkComplete(): void {
    const seat = this.#seats.find(({ away }) => away !== undefined);
    if (seat?.away !== undefined) throw seat.away.error;
  }

  /** Every service of which the declarations are known, also of those that are away. */
  get known(): readonly Observed[] {
    return [...this.#seats.flatMap(({ known }) => known ?? []), ...this.#unmet()];
  }

  /**
   * The services of the choreography of which no source was named. Empty while a source has not
   * told whose it is: it may be of any of them.
   */
  get unnamed(): readonly DeclaredService[] {
    if (this.#seats.some(({ known }) => known === undefined)) return [];
    const named = new Set(this.#seats.map(({ known }) => known?.service));
    return this.#declared.filter(({ service }) => !named.has(service));
  }

  get hearers(): readonly HearersOf[] {
    return [hearersOfAll(this.known)];
  }

  /** Whether a source has come back since the last call. */
  takeReturned(): boolean {
    const returned = this.#returned;
    this.#returned = false;
    return returned;
  }

  /** Asks each source that is there who it is; those that are away apart from this. */
  async meet(): Promise<void> {
    const here = this.#seats.filter(({ away }) => away === undefined);
    this.#askAway();
    const first = !this.#began;
    await Promise.all(
      here.map((seat) =>
        // The first time nothing has been read yet that would have to be read again.
        this.#of(seat, async () => this.#told(seat, await seat.source.about())).catch((error) => {
          if (!first) throw error;
        }),
      ),
    );
    this.#began = true;
  }

  /** Reads from a source. Throws `SourceAway` if that fails; the source is away from then on. */
  read<T>(present: Present, work: (source: JournalSource) => Promise<T>): Promise<T> {
    const seat = this.#seats.find(({ source }) => source === present.source);
    if (seat === undefined || seat.away !== undefined) throw new SourceAway();
    return this.#of(seat, () => work(seat.source));
  }

  /** Reads all that those who were there have of some sagas: by saga. Throws `SourceAway`. */
  async histories(
    ids: readonly string[],
    { present }: RollCall,
  ): Promise<ReadonlyMap<string, readonly ServiceHistory[]>> {
    const read = await Promise.all(
      present.map(async (one) => {
        const found = await this.read(one, (source) => source.inspect.histories(ids));
        return found.map((history) => ({ service: one.service, history }));
      }),
    );
    return Map.groupBy(read.flat(), ({ history }) => history.sagaId);
  }

  /**
   * Whether a projection was made from other services. What was emitted to a service that was not
   * known is not in its account.
   */
  isAnotherSet(before: readonly string[]): boolean {
    if (before.length === 0) return false;
    const known = new Set(before);
    const { present } = this;
    if (present.some(({ service }) => !known.has(service))) return true;
    return this.away.length === 0 && known.size !== present.length;
  }

  /** Who can be read now. */
  call(): RollCall {
    const { present, unnamed } = this;
    const missing = this.#missing();
    return {
      present,
      isComplete: missing.services.length === 0 && !missing.others,
      notReadIn: (parts) => ({
        away: namesOf(missing, (service) => mayHavePart(service, parts)),
        unnamed: unnamed.filter((service) => mayHavePart(service, parts)),
      }),
    };
  }

  /** Services that cannot be read, and of which something holds. */
  missingAt(concerns: (service: Observed) => boolean): readonly string[] {
    return namesOf(this.#missing(), concerns);
  }

  #missing(): Missing {
    const unnamed = this.#seats.filter(({ known }) => known === undefined);
    const unmet = this.#unmet();
    const known = this.#seats.flatMap(({ known: one, away }) => (one && away ? one : []));
    return {
      services: [...known, ...(unnamed.length === 0 ? [] : unmet)],
      others: unnamed.length > unmet.length,
    };
  }

  #unmet(): readonly Observed[] {
    const met = new Set(this.#seats.map(({ known }) => known?.service));
    if (this.#seats.every(({ known }) => known !== undefined)) return [];
    return this.#remembered.filter(({ service }) => !met.has(service));
  }

  async #of<T>(seat: Seat, work: () => Promise<T>): Promise<T> {
    try {
      return await repliedWithin(work(), this.#replyMs);
    } catch (error) {
      seat.away ??= { error, since: this.#sinceOf(seat) };
      throw new SourceAway("a source cannot be read", { cause: error });
    }
  }

  #sinceOf({ returned }: Seat): number {
    const now = this.#now();
    return returned !== undefined && now - returned.at < STEADY_MS ? returned.since : now;
  }

  #askAway(): void {
    const now = this.#now();
    for (const seat of this.#seats) {
      if (seat.away === undefined || seat.asking) continue;
      if (Math.abs(now - seat.asked) < ASK_EVERY_MS) continue;
      Object.assign(seat, { asking: true, asked: now });
      const { since } = seat.away;
      repliedWithin(askAll(seat.source), this.#replyMs)
        .then((about) => {
          this.#told(seat, about);
          const returned = { at: this.#now(), since };
          Object.assign(seat, { asking: false, away: undefined, returned });
          this.#returned = true;
        })
        .catch((error: unknown) => {
          Object.assign(seat, { asking: false, away: { error, since } });
        });
    }
  }

  #told(seat: Seat, about: SourceAbout): void {
    const { service } = about;
    // Two cursors of one name would be one.
    if (this.#seats.some((other) => other !== seat && other.known?.service === service))
      throw new OdoriError("OPTION_INVALID", `Two sources are of ${quote(service)}.`, {
        hint: "Name the database or the address of each service once.",
      });
    if (seat.known === undefined || !isSameAbout(seat.known.about, about))
      seat.known = observed(about);
  }
}

interface Missing {
  readonly services: readonly Observed[];
  /** Whether there are others, whose declarations are not known. */
  readonly others: boolean;
}

function namesOf(
  { services, others }: Missing,
  concerns: (service: Observed) => boolean,
): readonly string[] {
  const named = services.filter(concerns).map(({ service }) => service);
  return others ? [...named, ""] : named;
}

/** Asks for one of each thing that a round reads. */
async function askAll(source: JournalSource): Promise<SourceAbout> {
  const about = await source.about();
  await source.feed(undefined, 1);
  await source.inspect.histories([]);
  return about;
}

/** Ends waiting after some time; the call itself may go on. */
async function repliedWithin<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new StoreUnavailableError("STORE_UNAVAILABLE", "A source does not reply."));
    }, ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
