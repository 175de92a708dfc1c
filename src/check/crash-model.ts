import type { ExploreOptions } from "./explore.ts";
import { Machine } from "./machine.ts";
import { ARMED, type DeliverySource, type Model } from "./model.ts";
import { judgeEnd } from "./properties.ts";
import { type Violation, violationKey } from "./violation.ts";

/*
 * A finer model, which takes a delivery apart: a service begins its transaction, commits, publishes
 * its outbox, confirms that, and acknowledges the message. Its process may crash between any two of
 * these steps. Inbox and outbox hide all of them: where every service has both, this model finds
 * what the coarse one finds. It is slow, and meant for small choreographies.
 */

const CLOCK_EVERY = 64;

export interface CrashExploration {
  readonly states: number;
  readonly exhaustive: boolean;
  readonly violations: readonly Violation[];
}

export interface FineOptions extends Pick<ExploreOptions, "statesMax" | "millisecondsMax"> {
  /** How many times a process may crash in one saga. */
  readonly crashes: number;
}

/** A message in flight to one hearer. */
interface PendingDelivery {
  readonly source: number;
  readonly id: string;
}

/** The outbox row of one commit. */
interface Row {
  readonly service: string;
  readonly deliveries: readonly PendingDelivery[];
  readonly published: boolean;
}

interface Fine {
  /**
   * The databases of the services, without inbox and outbox: a state of the coarse model without
   * pending deliveries.
   */
  readonly marks: Uint8Array;
  readonly bus: readonly PendingDelivery[];
  readonly inbox: readonly string[];
  readonly outbox: readonly Row[];
  readonly flights: readonly { readonly delivery: PendingDelivery; readonly committed: boolean }[];
  readonly crashes: number;
}

/** Visits every state of the finer model. */
export function exploreCrashes(
  model: Model,
  { crashes, ...limits }: FineOptions,
): CrashExploration {
  return new FineSearch(model, limits).run(crashes);
}

class FineSearch {
  readonly #model: Model;
  readonly #machine: Machine;
  readonly #statesMax: number;
  readonly #deadline: number;
  readonly #seen = new Set<string>();
  readonly #queue: Fine[] = [];
  readonly #violations = new Map<string, Violation>();

  constructor(model: Model, { statesMax, millisecondsMax }: Omit<FineOptions, "crashes">) {
    this.#model = model;
    this.#machine = new Machine(model);
    this.#statesMax = statesMax;
    this.#deadline = performance.now() + (millisecondsMax ?? Number.POSITIVE_INFINITY);
  }

  run(crashes: number): CrashExploration {
    for (const beginning of this.#model.beginnings) {
      const marks = new Uint8Array(this.#model.size);
      this.#machine.begin(marks, beginning);
      const outbox = this.#rowsOf(marks, beginning.service ?? "", "begin");
      this.#visit({ marks, bus: [], inbox: [], outbox, flights: [], crashes });
    }
    let at = 0;
    for (; at < this.#queue.length && this.#seen.size <= this.#statesMax; at++) {
      if (at % CLOCK_EVERY === 0 && performance.now() > this.#deadline) break;
      const state = this.#queue[at];
      if (state !== undefined) this.#expand(state);
    }
    return {
      states: this.#seen.size,
      exhaustive: at === this.#queue.length,
      violations: [...this.#violations.values()],
    };
  }

  #visit(state: Fine): void {
    for (const violation of this.#machine.broken.splice(0))
      this.#violations.set(violationKey(violation), violation);
    const key = messageKey(state);
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#queue.push(state);
  }

  #expand(state: Fine): void {
    const { marks, bus, outbox, flights } = state;
    const armed = this.#model.sources.filter(
      (source) => source.kind === "deadline" && marks[source.at] === ARMED,
    );
    if (bus.length + outbox.length + flights.length + armed.length === 0) {
      for (const violation of judgeEnd(this.#model, marks))
        this.#violations.set(violationKey(violation), violation);
    }
    for (const delivery of bus) {
      const service = this.#serviceOf(delivery);
      const busy = flights.some((flight) => this.#serviceOf(flight.delivery) === service);
      if (!busy) this.#visit({ ...state, flights: [...flights, { delivery, committed: false }] });
    }
    for (const flight of flights) {
      const others = flights.filter((other) => other !== flight);
      if (flight.committed)
        this.#visit({
          ...state,
          flights: others,
          bus: bus.filter((delivery) => !same(delivery, flight.delivery)),
        });
      else this.#commit(state, flight.delivery, others);
    }
    for (const row of outbox) {
      const others = outbox.filter((other) => other !== row);
      if (row.published) this.#visit({ ...state, outbox: others });
      else {
        const arriving = row.deliveries.filter(
          (delivery) => !bus.some((other) => same(other, delivery)),
        );
        this.#visit({
          ...state,
          outbox: [...others, { ...row, published: true }],
          bus: [...bus, ...arriving],
        });
      }
    }
    for (const source of this.#model.sources) {
      const fires = source.kind === "deadline" && marks[source.at] === ARMED;
      const comes = source.kind === "arrival" && marks[source.at] === 0;
      if (!fires && !comes) continue;
      for (const choice of this.#machine.choices(marks, source)) {
        const after = marks.slice();
        this.#machine.apply(after, source, choice);
        const service = source.kind === "deadline" ? source.deadline.service.name : "";
        this.#visit({
          ...state,
          marks: after,
          outbox: [...outbox, ...this.#rowsOf(after, service, `${source.index}`)],
        });
      }
    }
    this.#crash(state);
  }

  #commit(state: Fine, delivery: PendingDelivery, others: Fine["flights"]): void {
    const { marks, inbox, outbox } = state;
    const source = this.#deliverySource(delivery);
    if (source === undefined) return;
    const flights = [...others, { delivery, committed: true }];
    const heard = `${delivery.source} ${delivery.id}`;
    const hasInbox = source.repeatAt < 0;
    if (hasInbox && inbox.includes(heard)) {
      this.#visit({ ...state, flights });
      return;
    }
    // Without an inbox the service does not recognise a redelivery, and draws new ids.
    const attempt = hasInbox ? "" : `~${inbox.filter((other) => other === heard).length}`;
    for (const choice of this.#machine.choices(marks, source)) {
      const after = marks.slice();
      after[source.at] = 1;
      this.#machine.apply(after, source, choice);
      const rows = this.#rowsOf(
        after,
        this.#serviceOf(delivery),
        `${delivery.source}<${delivery.id}${attempt}`,
      );
      this.#visit({
        ...state,
        marks: after,
        inbox: [...inbox, heard],
        outbox: [...outbox, ...rows],
        flights,
      });
    }
  }

  /**
   * Crashes the process of a service. Unacknowledged messages are redelivered, and unconfirmed rows
   * are published again.
   */
  #crash(state: Fine): void {
    if (state.crashes === 0) return;
    const services = new Set([
      ...state.flights.map(({ delivery }) => this.#serviceOf(delivery)),
      ...state.outbox.filter(({ published }) => published).map(({ service }) => service),
    ]);
    for (const service of services) {
      this.#visit({
        ...state,
        crashes: state.crashes - 1,
        flights: state.flights.filter(({ delivery }) => this.#serviceOf(delivery) !== service),
        outbox: state.outbox.map((row) =>
          row.service === service ? { ...row, published: false } : row,
        ),
      });
    }
  }

  /** Moves pending deliveries out of a state and into an outbox row. */
  #rowsOf(marks: Uint8Array, service: string, id: string): readonly Row[] {
    const deliveries: PendingDelivery[] = [];
    for (const source of this.#model.sources) {
      if (source.kind === "delivery") {
        for (let ordinal = 0; ordinal < (marks[source.at] ?? 0); ordinal++)
          deliveries.push({ source: source.index, id: `${id}.${ordinal}` });
      }
      if (source.kind === "delivery" || source.kind === "repeat") marks[source.at] = 0;
    }
    return deliveries.length === 0 ? [] : [{ service, deliveries, published: false }];
  }

  #deliverySource({ source }: PendingDelivery): DeliverySource | undefined {
    const found = this.#model.sources[source];
    return found?.kind === "delivery" ? found : undefined;
  }

  #serviceOf(delivery: PendingDelivery): string {
    const source = this.#deliverySource(delivery);
    return (source?.reaction ?? source?.deadline)?.service.name ?? "";
  }
}

function same(a: PendingDelivery, b: PendingDelivery): boolean {
  return a.source === b.source && a.id === b.id;
}

function messageKey({ marks, bus, inbox, outbox, flights, crashes }: Fine): string {
  const name = ({ source, id }: PendingDelivery) => `${source} ${id}`;
  const rows = outbox.map(
    (row) => `${row.service} ${row.published} ${row.deliveries.map(name).join()}`,
  );
  const under = flights.map(({ delivery, committed }) => `${name(delivery)} ${committed}`);
  return JSON.stringify([
    Buffer.from(marks).toString("base64"),
    bus.map(name).sort(),
    [...inbox].sort(),
    rows.sort(),
    under.sort(),
    crashes,
  ]);
}
