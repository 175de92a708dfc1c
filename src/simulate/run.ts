import { messageOf, OdoriError, PermanentError } from "../contract/errors.ts";
import type { Writes } from "../ports/bookkeeping.ts";
import type { LogFields } from "../ports/logger.ts";
import { VirtualClock } from "../virtual/clock.ts";
import type { HandlerOf } from "../virtual/handlers.ts";
import { running } from "./actor.ts";
import { Book } from "./book.ts";
import { Callers } from "./callers.ts";
import { type Course, Decisions, type Question, type Schedule, type Site } from "./decisions.ts";
import { Faults, INJECTED } from "./faults.ts";
import { cutShort, type SimulationFinding } from "./findings.ts";
import { Fleet } from "./fleet.ts";
import { Guide } from "./guide.ts";
import { parkedFinding, rejectionFinding, STRAY, strayFinding } from "./handler-findings.ts";
import { type Committed, History, type Noted } from "./history.ts";
import type { Move } from "./move.ts";
import type { SimulatedEnd, SimulationOptions } from "./options.ts";
import { Outside } from "./outside.ts";
import { thrownAt } from "./place.ts";
import type { Process } from "./process.ts";
import { loopTurned, quiet } from "./quiet.ts";
import { AwaitPlaces, tellRealWaits } from "./real-waits.ts";
import { type Reaction, reactionIn } from "./recorded-rows.ts";
import type { RunParts } from "./run-parts.ts";
import { type PendingMessage, SimulatedBus } from "./simulated-bus.ts";
import type { Stage, StagedRun } from "./stage.ts";
import { AS_SCHEDULED, swarm, type Temper } from "./temper.ts";

/** After this many steps the run is calm, so that no schedule starves a message for ever. */
const HEALS_AFTER = 300;
/** A calm run comes to rest long before. */
const STEPS_MAX = 1_500;
/** And this many more for each saga. */
const STEPS_A_SAGA = 100;
/** Most messages that are handed over at once. */
const TOGETHER_MAX = 5;
/** Frames that an error keeps in a run that explains. */
const FRAMES = 30;
/** An assertion may show the rows that it compares. */
const INVARIANT_MAX_CHARS = 4_000;
/** How often time passes where nothing but processes and time can go on. */
const IDLE_TIME = 0.3;

/** What a run has come to. */
export interface RunResult {
  readonly findings: readonly SimulationFinding[];
  /** Those that `accepts` accepts: the run has gone on. */
  readonly accepted: readonly SimulationFinding[];
  /** The departures that were taken. */
  readonly taken: Schedule;
  readonly steps: number;
  readonly history: readonly Committed[];
  readonly notes: readonly Noted[];
  readonly ends: ReadonlyMap<string, SimulatedEnd>;
  readonly questions: readonly Question[];
  /** Of a recorded saga: the step that it could not follow, from 0. */
  readonly lostAt: number | undefined;
  /** What was thrown, where that is the first finding. */
  readonly cause: unknown;
  /** Whether a handler has waited for what the simulation does not control. */
  readonly waited: boolean;
}

/** How a run is made. */
interface RunOptions {
  /** Whether it keeps every decision that it is asked for. */
  readonly asks?: boolean;
  /** Whether it says where and why something fails: slower. */
  readonly explains?: boolean;
  /** Takes the result once more if the run goes wrong after its end. */
  readonly onLate?: (result: RunResult) => void;
}

/** One run of a simulation: everything that happens in it is decided by its course. */
export class SimulatedRun<Native> implements RunParts<Native>, StagedRun {
  readonly clock = new VirtualClock();
  readonly decisions: Decisions;
  readonly faults: Faults;
  readonly post: SimulatedBus;
  readonly book: Book;
  readonly outside: Outside;
  readonly stage: Stage<Native>;
  readonly #temper: Temper;
  /** Of a recorded saga. */
  readonly #guide: Guide | undefined;
  readonly #reactions: Reaction[] = [];
  readonly #findings: SimulationFinding[] = [];
  readonly #accepted: SimulationFinding[] = [];
  #cause: unknown;
  readonly #explains: boolean;
  readonly #onLate: RunOptions["onLate"];
  #places: AwaitPlaces | undefined;
  #waited = false;
  #result: RunResult | undefined;
  readonly #history = new History();
  readonly #fleet: Fleet<Native>;
  readonly #callers: Callers<Native>;
  readonly #time: Move = { perform: () => this.#passTime() };
  #steps = 0;

  constructor(stage: Stage<Native>, course: Course, options: RunOptions = {}) {
    const { sites } = stage;
    this.stage = stage;
    this.#explains = options.explains === true;
    this.#onLate = options.onLate;
    this.decisions = new Decisions(sites, course, options);
    this.#temper = this.decisions.repeats ? AS_SCHEDULED : swarm(this.decisions.random);
    const { decisions } = this;
    const note = (text: string) => this.note(text);
    this.faults = new Faults({ decisions, sites }, this.#temper, note);
    const { faults } = this;
    const guide = "recorded" in course ? new Guide(course.recorded, this.#reactions) : undefined;
    this.#guide = guide;
    this.post = new SimulatedBus({ decisions, faults, guide });
    this.book = new Book(stage.manifest, stage.walks);
    this.outside = new Outside(faults, this.clock, note);
    this.#fleet = new Fleet(this);
    this.#callers = new Callers(this, this.#fleet);
    stage.run = this;
  }

  /** Plays the run to its end. */
  async play(): Promise<RunResult> {
    const limit = Error.stackTraceLimit;
    // Thousands of simulated errors need no stack.
    Error.stackTraceLimit = this.#explains ? FRAMES : 0;
    using places = this.#explains ? new AwaitPlaces() : undefined;
    this.#places = places;
    tellRealWaits();
    try {
      return await this.#play();
    } finally {
      Error.stackTraceLimit = limit;
    }
  }

  async #play(): Promise<RunResult> {
    const { options } = this.stage;
    options.reset?.();
    this.#callers.invite(options.given);
    const most = STEPS_MAX + STEPS_A_SAGA * this.#callers.sagas;
    await this.#fleet.open();
    while (this.#findings.length === 0 && this.#steps < most) {
      await quiet();
      const over = this.#isOver();
      if (typeof over === "boolean" ? over : await over) break;
      this.#steps++;
      this.#step();
    }
    if (this.#steps === most)
      this.fail({ code: "RESTLESS", message: `it goes on after ${most} steps` });
    await this.#judge();
    // Node tells of rejections as the event loop turns: too slow for every run of a search.
    if (this.decisions.repeats || this.#findings.length > 0) await loopTurned();
    this.#fleet.leave();
    this.#result = {
      findings: this.#findings,
      accepted: this.#accepted,
      taken: this.decisions.taken,
      steps: this.#steps,
      history: this.#history.rows,
      notes: this.#history.notes,
      ends: this.book.ends(),
      questions: this.decisions.questions ?? [],
      lostAt: this.#guide?.lostAt,
      cause: this.#cause,
      waited: this.#waited,
    };
    return this.#result;
  }

  fail(finding: SimulationFinding, cause?: unknown): void {
    const { code, message, sagaId } = finding;
    // A saga stays broken: its later rows, and its end, break the same rule once more.
    const told = this.#findings.some(
      (one) => one.code === code && one.message === message && one.sagaId === sagaId,
    );
    if (told) return;
    const { accepts = {} } = this.stage.options;
    if (Object.hasOwn(accepts, code)) {
      this.#accepted.push(finding);
      return;
    }
    if (this.#findings.length === 0) this.#cause = cause;
    this.#findings.push(finding);
  }

  logged(process: Process<Native>, fields: LogFields): void {
    const { error } = fields;
    if (!process.dead && error instanceof OdoriError && error.code === STRAY)
      this.fail(strayFinding(process.service, fields), error);
    if (this.#explains && fields.error !== undefined) this.#history.explain(process.name, fields);
  }

  /** It comes first: Node tells of rejections only as the event loop turns, behind all else. */
  rejected(reason: unknown, service?: string): void {
    const findings = this.#findings.splice(0);
    this.fail(rejectionFinding(reason, service), reason);
    this.#findings.push(...findings);
    if (this.#result !== undefined) this.#onLate?.(this.#result);
  }

  waitsAt(process: Process<Native>): string | undefined {
    return this.#places?.of(process);
  }

  note(note: string): void {
    this.#history.note(note);
  }

  handle(name: string, work: () => unknown, { reaction }: HandlerOf): unknown {
    const process = this.#fleet.process(name);
    if (process === undefined) return work();
    const { operator = false } = this.stage.options;
    const { mayPark, sites } = this.stage.part(process.service);
    const fate = this.faults.handler(process.service, {
      site: sites.handler,
      mayGiveUp: operator || mayPark,
      recorded: this.#guide?.fails(process.service, reaction),
    });
    if (fate === "fails first") throw new Error(INJECTED[fate]);
    if (fate === "gives up") throw new PermanentError(INJECTED[fate]);
    const returned = running.run(process, work);
    const fails = fate === "fails last";
    if (!(returned instanceof Promise)) {
      if (fails) throw new Error(INJECTED[fate]);
      return returned;
    }
    process.track(returned, reaction);
    if (!fails) return returned;
    return returned.then(() => {
      throw new Error(INJECTED[fate]);
    });
  }

  /** Takes what a process has committed. */
  committed(process: Process<Native>, writes: readonly Writes[]): void {
    for (const written of writes) this.#compare(process, written);
    const { always } = this.stage.options;
    if (always === undefined) return;
    // A handler that waits for something shows rows that are not committed.
    if (this.stage.parts.every(({ database }) => !database.inTransaction)) this.#watch(always);
  }

  #compare({ name, service }: Process<Native>, { journal, amend, marks }: Writes): void {
    if (journal.length + amend.length === 0) return;
    const rows = [...journal, ...amend];
    for (const entry of rows) {
      this.#history.rows.push({ process: name, at: this.clock.now, entry });
      if (this.#guide !== undefined) this.#reactions.push(reactionIn(service, entry));
      const wrong = this.book.note(service, entry);
      if (wrong !== undefined) this.fail(wrong);
    }
    const sagas = rows.length === 1 ? rows : new Map(rows.map((row) => [row.sagaId, row])).values();
    for (const { sagaId } of sagas) {
      const own = marks.filter((mark) => mark.sagaId === sagaId);
      const wrong = this.book.mark(service, sagaId, own);
      if (wrong !== undefined) this.fail(wrong);
    }
  }

  #isOver(): boolean | Promise<boolean> {
    if (this.#findings.length > 0) return true;
    if (!this.#fleet.waitsOutside) return this.#isAtRest();
    this.#waited = true;
    return this.#fleet.isStuck().then((stuck) => stuck || this.#isAtRest());
  }

  #isAtRest(): boolean | Promise<boolean> {
    const { inFlight, pending } = this.post;
    if (pending.length + inFlight.size > 0) return false;
    if (this.outside.busy || this.#callers.busy || this.#fleet.busy) return false;
    return this.#fleet.operate().then((any) => !any);
  }

  #step(): void {
    const messages = this.post.deliverable;
    const moves = [
      ...this.outside.moves(),
      ...this.#fleet.moves(),
      ...this.#callers.moves(),
      this.#time,
    ];
    const ways = messages.length + moves.length;
    const calm = ways === 1 || this.#steps > HEALS_AFTER;
    const site = this.stage.sites.of("next");
    const way = calm ? 0 : this.#choose(site, messages, moves);
    this.clock.moveTo(this.clock.now + 1);
    const message = messages[way];
    if (message === undefined) {
      moves[way - messages.length]?.perform();
      return;
    }
    this.post.deliver(message);
    if (!calm) this.#deliverMore();
  }

  #choose(site: Site, messages: readonly PendingMessage[], moves: readonly Move[]): number {
    const ways = messages.length + moves.length;
    if (this.#guide === undefined)
      return this.decisions.decide(site, ways, () => this.#draw(messages, ways));
    // A record does not tell of calls: they are answered at once.
    const way = this.outside.called ? messages.length : this.#guide.next(messages, moves);
    return this.decisions.take(site, ways, way);
  }

  /** Time is the last way; it passes rarely while something else could happen. */
  #draw(messages: readonly PendingMessage[], ways: number): number {
    const time = messages.length > 0 ? this.#temper.time : IDLE_TIME;
    if (this.decisions.random() < time) return ways - 1;
    return this.decisions.below(ways - 1);
  }

  /** Messages that come together share a commit. */
  #deliverMore(): void {
    const { group } = this.#temper;
    if (group === 0 || this.post.pending.length === 0) return;
    if (!this.decisions.chance(this.stage.sites.of("together"), group)) return;
    for (const message of this.post.deliverable.slice(0, TOGETHER_MAX - 1))
      if (this.post.pending.includes(message)) this.post.deliver(message);
  }

  #passTime(): void {
    this.#fleet.loseLeases();
    this.clock.moveTo(this.clock.next ?? this.clock.now);
    this.clock.runAllDue();
  }

  async #judge(): Promise<void> {
    if (this.#findings.length > 0) return;
    const parts = this.stage.parts.filter(({ database }) => database.parked > 0);
    for (const { name, mayPark } of parts) if (!mayPark) await this.#judgeParked(name);
    for (const sagaId of this.#callers.lost())
      this.fail({ code: "LOST", message: "the saga was begun, and is not there", sagaId });
    for (const finding of this.book.judge({ parked: parts.length > 0 })) this.fail(finding);
    if (this.#findings.length > 0) return;
    try {
      await this.stage.options.holds?.(this.#seen);
    } catch (error) {
      this.#refuse(error);
    }
  }

  async #judgeParked(service: string): Promise<void> {
    for (const delivery of await this.#fleet.parked(service)) {
      const error = this.#history.parkedBy(delivery.reaction, delivery.sagaId);
      this.fail(parkedFinding(service, delivery, error), error);
    }
  }

  /** Has the rows looked at. Where that takes turns, the transactions that come next wait. */
  #watch(always: NonNullable<SimulationOptions<Native>["always"]>): void {
    const seen = this.#seen;
    const [part] = this.stage.parts;
    const turn = part?.database.undisturbed?.(async () => always(seen));
    try {
      const looked = turn ?? always(seen);
      looked?.catch((error: unknown) => this.#refuse(error));
    } catch (error) {
      this.#refuse(error);
    }
  }

  #refuse(error: unknown): void {
    const message = cutShort(messageOf(error), INVARIANT_MAX_CHARS);
    this.fail({ code: "INVARIANT", message, at: thrownAt(error) }, error);
  }

  get #seen() {
    return {
      rows: (service: string | { readonly name: string }) =>
        this.stage.part(typeof service === "string" ? service : service.name).database.rows,
      sagas: this.book.ends(),
    };
  }
}
