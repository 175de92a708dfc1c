import type { ServiceHistory } from "../observe/summary.ts";
import type { Desk } from "./desk.ts";
import type { OpenDelivery } from "./wire.ts";

/** Events of an outbox that are looked at for one saga. */
const OUTBOX_MAX = 1_000;

/** States that need a process of the service. */
const WAITING: readonly OpenDelivery["state"][] = ["on its way", "retrying", "waiting", "armed"];

/** Of a service that cannot be read now. */
const NOTHING = [[], undefined] as const;

type Where = Pick<OpenDelivery, "where" | "notRunning">;

interface Places {
  /** By type. */
  readonly emitters: ReadonlyMap<string, string>;
  /** Emitter and type of what an outbox has. */
  readonly waiting: ReadonlySet<string>;
  /** Services without a process. */
  readonly asleep: ReadonlySet<string>;
  /** Services for which the bus holds something. */
  readonly queued: ReadonlySet<string>;
}

/** Says how far the events have come that are on their way in one saga. */
export class Whereabouts {
  readonly #emitters: ReadonlyMap<string, string>;
  readonly #waiting: ReadonlySet<string>;
  readonly #asleep: ReadonlySet<string>;
  readonly #queued: ReadonlySet<string>;

  private constructor({ emitters, waiting, asleep, queued }: Places) {
    this.#emitters = emitters;
    this.#waiting = waiting;
    this.#asleep = asleep;
    this.#queued = queued;
  }

  static async of(
    desk: Desk,
    parts: readonly ServiceHistory[],
    open: readonly OpenDelivery[],
  ): Promise<Whereabouts> {
    const types = new Set(
      open.filter(({ state }) => state === "on its way").map(({ type }) => type),
    );
    const emitters = new Map<string, string>();
    for (const { service, history } of parts)
      for (const { emitted } of history.journal)
        for (const { type } of emitted) if (types.has(type)) emitters.set(type, service);
    const awaited = open.filter(({ state }) => WAITING.includes(state));
    const services = new Set([...emitters.values(), ...awaited.map(({ service }) => service)]);
    const sagaId = parts[0]?.history.sagaId;
    const waiting = new Set<string>();
    const asleep = new Set<string>();
    const queued = new Set<string>();
    if (awaited.length > 0)
      await Promise.all(
        [...services].map(async (service) => {
          const source = desk.observer.sourceOf(service);
          if (source === undefined) return;
          const [outbox, counts] = await Promise.all([
            types.size === 0 ? [] : source.outbox(OUTBOX_MAX),
            source.inspect.counts({ deferred: false }),
          ]).catch(() => NOTHING);
          for (const event of outbox)
            if (event.sagaId === sagaId) waiting.add(`${service} ${event.type}`);
          if (counts?.processes === 0) asleep.add(service);
          if ((counts?.backlog?.deliveries ?? 0) > 0) queued.add(service);
        }),
      );
    return new Whereabouts({ emitters, waiting, asleep, queued });
  }

  of({ type, service, state }: OpenDelivery): Where {
    const asleep = this.#asleep.has(service) && WAITING.includes(state);
    const notRunning = asleep ? { notRunning: service } : {};
    if (state !== "on its way") return notRunning;
    const emitter = this.#emitters.get(type) ?? "";
    if (this.#waiting.has(`${emitter} ${type}`))
      return { where: "outbox", ...(this.#asleep.has(emitter) && { notRunning: emitter }) };
    const where = this.#queued.has(service) ? "bus" : "unknown";
    return { where, ...notRunning };
  }
}
