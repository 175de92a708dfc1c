import { oneEventPerLineage } from "../../manifest/lineage.ts";
import { type Manifest, typesEmittedAt, typesEmittedBy } from "../../manifest/manifest.ts";
import type { ServiceHistory } from "../../observe/summary.ts";
import type { Deferred } from "../../ports/deferred.ts";
import { compile } from "../compile.ts";
import { Machine } from "../machine.ts";
import { type Ahead, LookAhead, type LookLimits } from "./look-ahead.ts";
import { type NextStep, nextSteps } from "./next-steps.ts";
import { type Placed, placeSaga } from "./place.ts";
import { Remembered } from "./remembered.ts";
import { StoredParts } from "./stored-parts.ts";

/** Why an outlook is about something else than the saga. */
export interface Doubts extends Omit<Placed, "states"> {
  /** Effects that have keys: the model knows two, whichever they are. */
  readonly keyed: readonly string[];
  /** Services whose journals were not read: what they have done is not known. */
  readonly unread: readonly string[];
}

/** Where a saga stands, and what can still happen. */
export interface Outlook {
  /** As it is: what was given up on stays so. */
  readonly ahead: Ahead;
  /** If a person lets what is parked run again, or closes it. Undefined if nothing is parked. */
  readonly ifRetried: Ahead | undefined;
  readonly ifDiscarded: Ahead | undefined;
  /** The steps that it waits for; of what is parked, as if it ran again. */
  readonly next: readonly NextStep[];
  /** Types that have not been emitted, and cannot be any more. Empty if not all was explored. */
  readonly cannot: readonly string[];
  /** How many types of events the choreography has. */
  readonly types: number;
  /** Whether the choreography says how its sagas end. Otherwise each rest is one without an end. */
  readonly endsKnown: boolean;
  readonly doubts: Doubts;
}

/**
 * Says of sagas what can still happen in them. A choreography is compiled once; each saga is put on
 * the checker's machine by its journals.
 */
export class FromHere {
  readonly manifest: Manifest;
  readonly #machine: Machine;
  readonly #parts: StoredParts;
  readonly #ahead: Remembered;
  readonly #types: ReadonlySet<string>;
  readonly #keyed: readonly string[];

  constructor(declared: Manifest) {
    this.manifest = oneEventPerLineage(declared);
    const model = compile(this.manifest);
    this.#machine = new Machine(model);
    this.#parts = new StoredParts(model);
    this.#ahead = new Remembered(new LookAhead(this.#machine));
    this.#types = typesOf(this.manifest);
    const keyed = model.effects.filter(({ key }) => key !== undefined);
    this.#keyed = [...new Set(keyed.map(({ service, stored }) => `${service}/${stored}`))];
  }

  /**
   * Returns what may happen from here on. `read` names the services whose journals were read.
   * Undefined where a service of the choreography has unknown links: nothing is explored then.
   */
  of(
    histories: readonly ServiceHistory[],
    read: ReadonlySet<string>,
    limits: LookLimits = {},
  ): Outlook | undefined {
    const services = [...this.manifest.services.values()];
    if (services.some(({ unlinked }) => unlinked)) return undefined;
    const look = ({ states }: Placed) => this.#ahead.from(states, limits);
    const at = (fate: "kept" | "retried" | "discarded") =>
      placeSaga(this.#machine, this.#parts, histories, fate);
    const kept = at("kept");
    const parked = histories.some(hasParked);
    const retried = parked ? at("retried") : kept;
    const [state] = retried.states;
    const ahead = look(kept);
    const ifRetried = parked ? look(retried) : undefined;
    const { states: _, ...doubts } = kept;
    return {
      ahead,
      ifRetried,
      ifDiscarded: parked ? look(at("discarded")) : undefined,
      next: state === undefined ? [] : nextSteps(this.#machine, state),
      cannot: this.#cannot(histories, [ahead, ifRetried ?? ahead]),
      types: this.#types.size,
      endsKnown: this.manifest.succeeds.length + this.manifest.fails.length > 0,
      doubts: {
        ...doubts,
        keyed: this.#keyed,
        unread: services.flatMap(({ name, reactions, deadlines }) =>
          read.has(name) || reactions.length + deadlines.length === 0 ? [] : [name],
        ),
      },
    };
  }

  #cannot(histories: readonly ServiceHistory[], looks: readonly Ahead[]): readonly string[] {
    if (looks.some(({ complete }) => !complete)) return [];
    const left = new Set(this.#types);
    for (const { events } of looks) for (const type of events) left.delete(type);
    for (const { history } of histories)
      for (const { emitted, type } of history.journal)
        for (const one of [type, ...emitted.map((event) => event.type)]) left.delete(one);
    return [...left].sort();
  }
}

/** Whether a delivery was given up on, and no person has had it retried since. */
function hasParked({ history: { journal, deferred } }: ServiceHistory): boolean {
  const mayRun = ({ state }: Deferred) => state === "retrying" || state === "waiting";
  const again = new Set(
    deferred.filter(mayRun).map(({ reaction, id, type }) => JSON.stringify([reaction, id, type])),
  );
  return journal.some(
    ({ disposition, emitted, reaction, id, type }) =>
      disposition === "parked" &&
      emitted.length === 0 &&
      !again.has(JSON.stringify([reaction, id, type])),
  );
}

function typesOf({ services, begins, arrives }: Manifest): ReadonlySet<string> {
  const emitted = [...services.values()].flatMap(({ begins: own, reactions, deadlines }) => [
    ...own,
    ...reactions.flatMap(typesEmittedBy),
    ...deadlines.flatMap(typesEmittedAt),
  ]);
  return new Set([...begins, ...arrives, ...emitted]);
}
