import type { EventEnvelope } from "../contract/envelope.ts";
import type { OdoriError } from "../contract/errors.ts";
import type { EventContract, Fact } from "../contract/event.ts";
import { quote } from "../contract/grammar.ts";
import { type ServiceJournal, type TraceStep, traceOf } from "../observe/trace.ts";
import { printable } from "../text/printable.ts";
import { shortType } from "../text/short.ts";
import { ExpectationError, expectEqual } from "./expectation.ts";
import { handlerNotReturned } from "./not-returned.ts";
import { pictureOf } from "./picture.ts";
import type { Rehearsal } from "./rehearsal.ts";

/** Most sagas that an error names. */
const NAMED_MAX = 10;

/** How a saga has ended; undefined while it has not. */
export type SagaEnd = "succeeded" | "failed" | undefined;

/** The events with which a saga ends. */
export interface Ends {
  readonly succeeds: readonly EventContract[];
  readonly fails: readonly EventContract[];
}

/** An effect that a service has done, and not undone. */
export interface Leftover {
  readonly service: string;
  readonly effect: string;
}

/** A service of the saga, or its name. */
export type ServiceName = string | { readonly name: string };

/**
 * One saga of a `SagaTest`: what has happened in it, and assertions about it. The message of an
 * assertion that does not hold has a picture of the saga.
 */
export class SagaView<Native> {
  readonly #rehearsal: Rehearsal<Native>;
  readonly #ends: Ends;
  readonly #sagaId: string | undefined;

  /** Without `sagaId` it is of the saga that began last. */
  constructor(rehearsal: Rehearsal<Native>, ends: Ends, sagaId?: string) {
    this.#rehearsal = rehearsal;
    this.#ends = ends;
    this.#sagaId = sagaId;
  }

  /** The id of the saga. Throws `EXPECTATION_UNMET` before it has begun. */
  get sagaId(): string {
    const { sagas } = this.#rehearsal.post;
    const sagaId = this.#sagaId ?? sagas.at(-1);
    if (sagaId === undefined) throw new ExpectationError("No saga has begun.", undefined, "a saga");
    if (sagas.includes(sagaId)) return sagaId;
    const last = sagas.slice(-NAMED_MAX).map(quote).join(", ");
    const others = last === "" ? "none has" : `these have begun last: ${last}`;
    const message = `No saga ${quote(sagaId)} has begun; ${others}.`;
    throw new ExpectationError(message, sagas, sagaId);
  }

  /** The events of the saga, in the order of publishing. */
  get events(): readonly EventEnvelope[] {
    const { sagaId } = this;
    return this.#rehearsal.post.events.filter((event) => event.sagaId === sagaId);
  }

  /** The types of the events of the saga, in the order of publishing. */
  get types(): readonly string[] {
    return this.events.map(({ type }) => type);
  }

  /** How the saga has ended; undefined while it has not. */
  get ended(): SagaEnd {
    const { types } = this;
    const some = (ends: readonly EventContract[]) => ends.some(({ type }) => types.includes(type));
    if (some(this.#ends.fails)) return "failed";
    return some(this.#ends.succeeds) ? "succeeded" : undefined;
  }

  /** The facts of one event of the saga, in the order of publishing. */
  emitted<TType extends string, TData>(
    contract: EventContract<TType, TData>,
  ): readonly Fact<TType, TData>[] {
    return this.events
      .filter(({ type }) => type === contract.type)
      .map(({ data, subject }) => contract.from(data, subject === undefined ? {} : { subject }));
  }

  /**
   * The steps of the saga, over all services. Rejects with `HANDLER_TIMEOUT` if a handler that has
   * not returned holds its database.
   */
  async steps(): Promise<readonly TraceStep[]> {
    const journals = await this.#rehearsal.journals(this.sagaId);
    const held = this.#heldBut(journals);
    if (held.length > 0) throw heldBy(held);
    return traceOf(journals);
  }

  /** The effects that were done and not undone, except those with which the saga ends. */
  async leftovers(): Promise<readonly Leftover[]> {
    const left: Leftover[] = [];
    const ends = [...this.#ends.succeeds, ...this.#ends.fails].map(({ type }) => type);
    for (const { service, disposition, effect, emitted } of await this.steps()) {
      if (effect === undefined) continue;
      const done = disposition === "done" || disposition === "begun";
      if (done && !emitted.some((type) => ends.includes(type))) left.push({ service, effect });
      if (disposition !== "undone") continue;
      const index = left.findIndex((one) => one.service === service && one.effect === effect);
      if (index >= 0) left.splice(index, 1);
    }
    return left;
  }

  /** Reads the rows of a service, in a transaction of its store. Rejects as `steps` does. */
  async rows<T>(service: ServiceName, read: (tx: Native) => T | Promise<T>): Promise<T> {
    const rehearsal = this.#rehearsal;
    rehearsal.checkStrays();
    const player = rehearsal.player(service);
    const reading = player.rows(read).then((rows) => ({ rows }));
    const answer = await rehearsal.unlessHeld(player, reading);
    if (answer === undefined) throw heldBy([player.name]);
    return answer.rows;
  }

  /** Draws the saga: a column for each service, time downwards, then what has failed or waits. */
  async picture(): Promise<string> {
    const { moments, clock } = this.#rehearsal;
    const journals = await this.#rehearsal.journals(this.sagaId);
    const drawn = pictureOf(traceOf(journals), moments, clock.now).map((line) => `    ${line}`);
    return [...drawn, ...(await this.#troubles(this.#heldBut(journals)))].join("\n");
  }

  /** Asserts that the saga has ended so; `undefined`: that it goes on. */
  async assertEnded(end: SagaEnd): Promise<void> {
    this.#rehearsal.checkStrays();
    const ends = { actual: this.ended, expected: end };
    await expectEqual(`The end of ${this.sagaId}`, ends, () => this.picture());
  }

  /** Asserts that each of these events was emitted in the saga. */
  async assertEmitted(...contracts: readonly EventContract[]): Promise<void> {
    await this.#assertTypes(contracts, true);
  }

  /** Asserts that none of these events was emitted in the saga. */
  async assertNotEmitted(...contracts: readonly EventContract[]): Promise<void> {
    await this.#assertTypes(contracts, false);
  }

  /** Asserts that every effect of the saga was undone. */
  async assertUndone(): Promise<void> {
    this.#rehearsal.checkStrays();
    const left = { actual: await this.leftovers(), expected: [] };
    await expectEqual(`What ${this.sagaId} leaves behind`, left, () => this.picture());
  }

  /** Asserts that `read` returns `expected` from the rows of a service. */
  async assertRows<T>(
    service: ServiceName,
    read: (tx: Native) => T | Promise<T>,
    expected: NoInfer<T>,
  ): Promise<void> {
    const { name } = this.#rehearsal.player(service);
    const rows = { actual: await this.rows(service, read), expected };
    await expectEqual(`The rows of ${name}`, rows, () => this.picture());
  }

  async #assertTypes(contracts: readonly EventContract[], wanted: boolean): Promise<void> {
    this.#rehearsal.checkStrays();
    const { types } = this;
    const wrong = contracts.filter(({ type }) => types.includes(type) !== wanted);
    if (wrong.length === 0) return;
    const named = wrong.map(({ type }) => type).join(", ");
    const message = `${this.sagaId} has ${wanted ? "not " : ""}emitted ${named}.`;
    const expected = wanted ? [...types, ...wrong.map(({ type }) => type)] : [];
    throw new ExpectationError(`${message}\n\n${await this.picture()}\n`, types, expected);
  }

  /** The services whose databases could not be read. */
  #heldBut(read: readonly ServiceJournal[]): readonly string[] {
    const names = read.map(({ service }) => service);
    return this.#rehearsal.players.map(({ name }) => name).filter((name) => !names.includes(name));
  }

  async #troubles(held: readonly string[]): Promise<readonly string[]> {
    const lines: string[] = [];
    for (const player of this.#rehearsal.players) {
      const waiting = this.#rehearsal.post.waiting(player.name);
      if (!player.present)
        lines.push(`${player.name} has dropped out; messages that wait for it: ${waiting}`);
      else if (!held.includes(player.name))
        for (const { type, state, problem } of await player.failures(this.sagaId)) {
          const what = state === "parked" ? "has given up" : "has failed, and tries again";
          const why = printable(problem?.message ?? "");
          lines.push(`${player.name} ${what} on ${shortType(type)}: ${why}`);
        }
    }
    for (const name of this.#rehearsal.stuck)
      lines.push(
        held.includes(name)
          ? `${name} has a handler that has written and not returned yet: its steps are not shown.`
          : `${name} has a handler that has not returned yet.`,
      );
    return lines.length === 0 ? [] : ["", ...lines.map((line) => `    ${line}`)];
  }
}

function heldBy(services: readonly string[]): OdoriError {
  const names = services.join(", ");
  return handlerNotReturned(`A handler that has not returned holds the database of ${names}.`);
}
