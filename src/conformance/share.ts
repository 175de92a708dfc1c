import { type Bus, checkAccepted } from "../ports/bus.ts";
import { eventually } from "./runner.ts";
import { sampleEvent } from "./samples.ts";

/** Events of one round. */
const EVENTS = 40;

/**
 * Publishes rounds of events until two members of one group have shared one: most of its events
 * reached one of them only. `heard` returns the ids that each of them has heard so far.
 *
 * A broker may need some time until it assigns work to both, and a member that was too slow may see
 * its events go to the other as well: one round is enough. It is judged when both have heard of a
 * later one, so that nothing of it is under way.
 */
export async function workIsShared(
  bus: Bus,
  heard: () => readonly ReadonlySet<string>[],
): Promise<void> {
  const rounds: (readonly string[])[] = [];
  await eventually("both take their part, and most events reach one member only", async () => {
    const ids = Array.from({ length: EVENTS }, (_, i) => `round ${rounds.length} event ${i}`);
    rounds.push(ids);
    checkAccepted(await bus.publish(ids.map((id) => sampleEvent(id))));
    const arrived = () => ids.every((id) => heard().some((by) => by.has(id)));
    await eventually("all have arrived", arrived);
    const members = heard();
    const latest = members.map((by) => rounds.findLastIndex((one) => one.some((id) => by.has(id))));
    return rounds
      .slice(0, Math.max(0, Math.min(...latest)))
      .some((one) => one.filter((id) => members.every((by) => by.has(id))).length < EVENTS / 2);
  });
}
