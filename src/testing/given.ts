import type { Service } from "../choreography/service.ts";
import { OdoriError } from "../contract/errors.ts";
import type { EventContract, Fact } from "../contract/event.ts";
import type { Deferred } from "../ports/deferred.ts";
import type { JournalRecord } from "../ports/journal.ts";
import { hears } from "./hears.ts";
import { handlerNotReturned } from "./not-returned.ts";
import type { RehearsalOptions } from "./options.ts";
import { Reacted } from "./reacted.ts";
import { Rehearsal } from "./rehearsal.ts";

const SAGA = "saga-1";

/** Options of `Given.when`. */
export interface ReactionOptions<Native> extends RehearsalOptions<Native> {
  /** Writes rows that the reaction finds, after the service's own `setup`. */
  readonly setup?: (tx: Native) => unknown;
}

type Stem<Type extends string> = Type extends `${infer Name}.v${number}` ? Name : Type;

/** Refuses a service that knows an event in no version, and names the event. */
type Knowing<Types extends string, Known extends string> = [Stem<Types>] extends [Stem<Known>]
  ? unknown
  : { readonly "the service neither hears nor begins with": Exclude<Types, Known> };

/** Events of one saga, in the order in which they come. */
export class Given<Facts extends Fact> {
  readonly #facts: readonly Facts[];

  constructor(facts: readonly Facts[]) {
    this.#facts = facts;
  }

  /**
   * Hands the events to a service, one after the other. Resolves to what it did with the last one.
   * Rejects with the error of a handler that throws one, with `HANDLER_TIMEOUT` if one has not
   * returned after `patienceMs`, and with `STATEMENT_NOT_AWAITED` if a statement of one has come
   * after it had returned.
   *
   * Throws `NOT_HEARD` for an event that the service neither hears nor begins a saga with.
   */
  async when<Native, Begins extends EventContract, Hears extends EventContract>(
    service: Service<Native, Begins, Hears> & Knowing<Facts["type"], (Begins | Hears)["type"]>,
    { setup, ...options }: ReactionOptions<Native>,
  ): Promise<Reacted<Native>> {
    for (const { type } of this.#facts)
      if (!begins(service, type) && !hears(service, type)) throw notHeard(service.name, type);
    const rehearsal = await Rehearsal.open([service], options);
    return rehearsal.orEnd(async () => {
      const player = rehearsal.player(service);
      if (setup !== undefined) await player.rows(setup);
      let seen: readonly JournalRecord[] = [];
      for (const fact of this.#facts) {
        seen = await player.journal(SAGA);
        player.thrown = undefined;
        if (begins(service, fact.type)) await rehearsal.begin(player, SAGA, fact);
        else await rehearsal.arrive(SAGA, fact);
        if (rehearsal.stuck.length > 0)
          throw handlerNotReturned(
            `A handler of ${service.name} that was given ${fact.type} has not returned.`,
          );
        const [failed] = await player.failures(SAGA);
        if (failed?.state === "retrying") throw player.thrown ?? keptFailure(failed);
        rehearsal.checkStrays();
      }
      return Reacted.since(seen, { rehearsal, player, sagaId: SAGA });
    });
  }
}

/**
 * Names the events of one saga, for a test of one service: those that it has heard before, and last
 * the one whose reaction is tested. The same fact twice is one message that comes twice. Throws
 * `OPTION_INVALID` without any event.
 *
 * @example
 * ```ts
 * import { sqlite } from "odori/sqlite";
 * import { given } from "odori/testing";
 * import { orderPlaced, stockMissing } from "./contracts.ts";
 * import { payment } from "./services.ts";
 *
 * const placed = orderPlaced({ orderId: "o-1", amount: 100 });
 * const missing = stockMissing({ orderId: "o-1" });
 * const store = () => sqlite(":memory:");
 * const { disposition, emitted } = await given(placed, missing).when(payment, { store });
 * console.log(disposition, emitted.map(({ type }) => type));
 * ```
 */
export function given<Facts extends readonly Fact[]>(...facts: Facts): Given<Facts[number]> {
  if (facts.length > 0) return new Given(facts);
  throw new OdoriError("OPTION_INVALID", "given names no event.", {
    hint: "Name the event whose reaction is tested, after those that came before it.",
  });
}

function begins<Native>(service: Service<Native, EventContract>, type: string): boolean {
  return service.beginnings.some((contract) => contract.type === type);
}

/** The runtime has found it after the handler: what is kept of it is not an error any more. */
function keptFailure({ problem }: Deferred): Error {
  const { code, message, stack } = problem ?? {};
  return Object.assign(new Error(message), { code, ...(stack !== undefined && { stack }) });
}

function notHeard(service: string, type: string): OdoriError {
  return new OdoriError("NOT_HEARD", `${service} neither hears ${type} nor begins with it.`, {
    hint: "Name an event that the service declares.",
  });
}
