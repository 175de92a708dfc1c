import type { SimulationGiven, SimulationOptions } from "./options.ts";

/** Told which code of the user is about to run, such as "the handler "order.placed" of payment". */
export type OnEnter = (place: string) => void;

/** The same options, which tell what of theirs is about to run: it may not come to an end. */
export function announced<Native>(
  options: SimulationOptions<Native>,
  onEnter: OnEnter,
): SimulationOptions<Native> {
  const { holds, always, reset } = options;
  return {
    ...options,
    given(given) {
      onEnter("`given`");
      const begin: SimulationGiven<Native>["begin"] = (service, sagaId, work) =>
        given.begin(service, sagaId, (tx) => {
          onEnter(`\`begin\` of ${service.name}`);
          return work(tx);
        });
      return options.given({ ...given, begin });
    },
    ...(holds !== undefined && {
      holds(seen) {
        onEnter("`holds`");
        return holds(seen);
      },
    }),
    ...(always !== undefined && {
      always(seen) {
        onEnter("`always`");
        return always(seen);
      },
    }),
    ...(reset !== undefined && {
      reset() {
        onEnter("`reset`");
        reset();
      },
    }),
  };
}
