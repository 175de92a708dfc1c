import type { ServiceHistory } from "../observe/summary.ts";
import type { Desk } from "./desk.ts";
import type { OpenDelivery } from "./wire.ts";

/** Events of an outbox that are looked at for one saga. */
const OUTBOX_MAX = 1_000;

/** Of a service that cannot be read now. */
const NOTHING = [[], undefined] as const;

type Where = Pick<OpenDelivery, "where" | "notRunning">;

/** Says how far the events have come that are on their way in one saga. */
export class Whereabouts {
  readonly #emitters: ReadonlyMap<string, string>;
  readonly #waiting: ReadonlySet<string>;
  readonly #asleep: ReadonlySet<string>;

  private constructor(
    emitters: ReadonlyMap<string, string>,
    waiting: ReadonlySet<string>,
    asleep: ReadonlySet<string>,
  ) {
    this.#emitters = emitters;
    this.#waiting = waiting;
    this.#asleep = asleep;
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
    const services = new Set([...emitters.values(), ...open.map(({ service }) => service)]);
    const sagaId = parts[0]?.history.sagaId;
    const waiting = new Set<string>();
    const asleep = new Set<string>();
    if (types.size > 0)
      await Promise.all(
        [...services].map(async (service) => {
          const source = desk.observer.sourceOf(service);
          if (source === undefined) return;
          const [outbox, counts] = await Promise.all([
            source.outbox(OUTBOX_MAX),
            source.inspect.counts(),
          ]).catch(() => NOTHING);
          for (const event of outbox)
            if (event.sagaId === sagaId) waiting.add(`${service} ${event.type}`);
          if (counts?.processes === 0) asleep.add(service);
        }),
      );
    return new Whereabouts(emitters, waiting, asleep);
  }

  of({ type, service, state }: OpenDelivery): Where {
    if (state !== "on its way") return {};
    const emitter = this.#emitters.get(type) ?? "";
    if (this.#waiting.has(`${emitter} ${type}`))
      return { where: "outbox", ...(this.#asleep.has(emitter) && { notRunning: emitter }) };
    return { where: "unknown", ...(this.#asleep.has(service) && { notRunning: service }) };
  }
}
