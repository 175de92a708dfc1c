import type { Service } from "../choreography/service.ts";
import { codeOf } from "../contract/errors.ts";
import type { EventContract, Fact, FactOf } from "../contract/event.ts";
import { StoreUnavailableError } from "../ports/errors.ts";
import { arrival } from "../virtual/arrival.ts";
import { running } from "./actor.ts";
import { Draws } from "./draw.ts";
import type { Fleet } from "./fleet.ts";
import { GivenActor } from "./given-actor.ts";
import { givenTooLate, invited } from "./invited.ts";
import { type Move, NO_MOVES } from "./move.ts";
import type { SimulationGiven, SimulationOptions } from "./options.ts";
import type { Process } from "./process.ts";
import type { RunParts } from "./run-parts.ts";

/** A saga that a caller begins. The caller tries again until it is answered. */
interface SagaCall<Native> {
  readonly service: string;
  readonly sagaId: string;
  begin(process: Process<Native>): Promise<unknown>;
  state: "waits" | "under way" | "answered";
  /** The process that has the call in hand. */
  process: Process<Native> | undefined;
}

interface Arrival {
  readonly sagaId: string;
  readonly fact: Fact;
}

/** Those outside the choreography: callers that begin sagas, and events that come from outside. */
export class Callers<Native> {
  readonly #run: RunParts<Native>;
  readonly #fleet: Fleet<Native>;
  readonly #beginnings: SagaCall<Native>[] = [];
  readonly #arrivals: Arrival[] = [];
  #arrived = 0;
  #inviting = true;

  constructor(run: RunParts<Native>, fleet: Fleet<Native>) {
    this.#run = run;
    this.#fleet = fleet;
  }

  /** Lets the user say what begins in this run. */
  invite(given: SimulationOptions<Native>["given"]): void {
    const { decisions, stage } = this.#run;
    const draws = new Draws(decisions, stage.sites.of("data"));
    const begin: SimulationGiven<Native>["begin"] = (service, sagaId, work) => {
      this.#checkInviting("begin");
      this.#add(service, sagaId, work);
    };
    const parameters: SimulationGiven<Native> = {
      int: (from, to) => draws.int(from, to),
      pick: draws.pick.bind(draws),
      chance: (percent) => draws.chance(percent),
      from: (arbitrary) => draws.from(arbitrary),
      begin,
      arrive: (sagaId, fact) => {
        this.#checkInviting("arrive");
        this.#arrivals.push({ sagaId, fact });
      },
    };
    invited(() => running.run(new GivenActor(this.#run, draws), () => given(parameters)));
    this.#inviting = false;
  }

  /** How many sagas callers begin. */
  get sagas(): number {
    return this.#beginnings.length;
  }

  /** Whether a caller has no answer yet, or an event has still to come. */
  get busy(): boolean {
    if (this.#beginnings.some(({ state }) => state !== "answered")) return true;
    return this.#arrivals.some(({ sagaId }) => this.#run.book.has(sagaId));
  }

  /** Calls and events that may come next. */
  moves(): readonly Move[] {
    this.#giveUpDead();
    const next = this.#beginnings.find(({ state }) => state === "waits");
    const process = next && this.#fleet.running(next.service);
    const begin =
      next !== undefined && process !== undefined
        ? [{ perform: () => this.#call(next, process), begins: next.service }]
        : NO_MOVES;
    if (this.#arrivals.length === 0) return begin;
    const arrivals = this.#arrivals.filter(({ sagaId }) => this.#run.book.has(sagaId));
    const arrive = (one: Arrival): Move => ({
      perform: () => this.#arrive(one),
      arrives: one.fact.type,
    });
    return [...begin, ...arrivals.map(arrive)];
  }

  /** Sagas of which a caller was told that they have begun, and which are not there. */
  lost(): readonly string[] {
    return this.#beginnings
      .filter(({ sagaId, state }) => state === "answered" && !this.#run.book.has(sagaId))
      .map(({ sagaId }) => sagaId);
  }

  #checkInviting(name: string): void {
    if (!this.#inviting) throw givenTooLate(`\`${name}\` is called after \`given\` has returned.`);
  }

  #add<Begins extends EventContract>(
    { name }: Service<Native, Begins>,
    sagaId: string,
    work: (tx: Native) => FactOf<Begins> | Promise<FactOf<Begins>>,
  ): void {
    const begin = async (process: Process<Native>) =>
      process.app?.begin(sagaId, (tx) => {
        const fact = running.run(process, () => work(tx));
        if (fact instanceof Promise) process.track(fact, "begin");
        return fact;
      });
    this.#beginnings.push({ service: name, sagaId, begin, state: "waits", process: undefined });
  }

  /** The caller of a process that has died calls again. */
  #giveUpDead(): void {
    for (const beginning of this.#beginnings)
      if (beginning.state === "under way" && beginning.process?.dead === true)
        beginning.state = "waits";
  }

  #call(beginning: SagaCall<Native>, process: Process<Native>): void {
    beginning.state = "under way";
    beginning.process = process;
    beginning.begin(process).then(
      () => {
        if (!process.dead) beginning.state = "answered";
      },
      (error: unknown) => {
        if (process.dead) return;
        beginning.state = "waits";
        if (error instanceof StoreUnavailableError) return;
        const message = `begin has thrown ${codeOf(error)}: ${String(error)}`;
        this.#run.fail({ code: "BEGIN", message, sagaId: beginning.sagaId });
      },
    );
  }

  #arrive(one: Arrival): void {
    const { sagaId, fact } = one;
    this.#arrivals.splice(this.#arrivals.indexOf(one), 1);
    this.#run.book.arrive(sagaId, fact.type);
    const id = `outside-${++this.#arrived}`;
    this.#run.post.arrive(arrival(sagaId, fact, { id, now: this.#run.clock.now }));
  }
}
