import type { Transition } from "./loops.ts";
import type { DeliverySource, Model } from "./model.ts";
import type { SagaStep } from "./path.ts";
import { PLAIN } from "./rulings.ts";

type DeliveredTo = Pick<DeliverySource, "reaction" | "deadline" | "arms">;

/**
 * Turns a step of one real saga into the transitions that are the same in the unreduced model of
 * the choreography: there each event has a delivery of its own.
 */
export function unmerged(
  { sources }: Model,
  { source, choice, heard }: SagaStep,
): readonly Transition[] {
  const delivery = ({ reaction, deadline, arms }: DeliveredTo, type = "") =>
    sources.find(
      (one) =>
        one.kind === "delivery" &&
        one.types.includes(type) &&
        one.reaction?.index === reaction?.index &&
        one.deadline?.index === deadline?.index &&
        one.arms === arms,
    );
  const found = (one: Transition["source"] | undefined, index = choice) =>
    one === undefined ? [] : [{ source: one, choice: index }];
  switch (source.kind) {
    case "delivery":
      return found(delivery(source, heard[0]));
    case "repeat": {
      const of = delivery(source.of, heard[0]);
      return found(sources.find((one) => one.kind === "repeat" && one.of === of));
    }
    case "join": {
      const { reaction } = source;
      return heard.flatMap((type, place) => {
        const to = { reaction, deadline: undefined, arms: false };
        return found(delivery(to, type), place === heard.length - 1 ? choice : PLAIN);
      });
    }
    case "deadline": {
      const { index } = source.deadline;
      return found(sources.find((one) => one.kind === "deadline" && one.deadline.index === index));
    }
    case "arrival":
      return found(sources.find((one) => one.kind === "arrival" && one.type === source.type));
    default:
      return [];
  }
}
