import type { Context } from "../choreography/context.ts";
import type { DeadlineDeclaration, ReactionDeclaration } from "../choreography/declaration.ts";
import { Service } from "../choreography/service.ts";
import { adopt } from "../contract/adopt.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import type { EventContract } from "../contract/event.ts";
import type { Activity } from "./activity.ts";

/**
 * Returns the object with each call that it makes counted until it settles; also the calls of the
 * objects that it has, such as `inspect` of a store.
 */
export function watchCalls<T extends object>(target: T, activity: Activity): T {
  return new Proxy(target, {
    get(object, key) {
      const value: unknown = Reflect.get(object, key, object);
      if (typeof value === "object" && value !== null) return watchCalls(value, activity);
      if (typeof value !== "function") return value;
      return (...given: unknown[]) => {
        const returned: unknown = adopt(Reflect.apply(value, object, given));
        return returned instanceof Promise ? activity.call(returned) : returned;
      };
    },
  });
}

/** Runs a handler. */
export type HandlerRun = <T>(work: () => T | PromiseLike<T>) => T | Promise<T>;

/** The same service, each of whose handlers runs within `watch`. */
export function watchHandlers<Native, Begins extends EventContract>(
  { declaration, beginnings, heard }: Service<Native, Begins>,
  watch: HandlerRun,
): Service<Native, Begins> {
  const reactions = declaration.reactions.map((one) => watchedReaction(one, watch));
  const deadlines = declaration.deadlines.map(
    (one): DeadlineDeclaration<Native> => ({
      ...one,
      handle: (event, context) => watch(() => one.handle(event, context)),
    }),
  );
  return new Service<Native, Begins>({ ...declaration, reactions, deadlines }, beginnings, heard);
}

function watchedReaction<Native>(
  one: ReactionDeclaration<Native>,
  watch: HandlerRun,
): ReactionDeclaration<Native> {
  const { late } = one;
  const watchedLate = late && {
    ...late,
    handle: (event: EventEnvelope, context: Context<Native>) =>
      watch(() => late.handle(event, context)),
  };
  if (one.kind === "join") {
    const handle: typeof one.handle = (events, context) => watch(() => one.handle(events, context));
    return { ...one, late: watchedLate, handle };
  }
  const handle: typeof one.handle = (event, context) => watch(() => one.handle(event, context));
  return { ...one, late: watchedLate, handle };
}
