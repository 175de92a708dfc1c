import fc from "fast-check";
import type { EventContract, Service } from "odori";
import type { LocalKit } from "./kits.ts";
import { envelope, Stage } from "./stage.ts";

/** Something that happens to a service: an event, twice maybe, or a restart of the process. */
export type Happening = EventContract | "restart";

/** Every order of the events, with duplicates and restarts strewn in. */
export function arrivals(contracts: readonly EventContract[]): fc.Arbitrary<readonly Happening[]> {
  const extra = fc.constantFrom<Happening>("restart", ...contracts);
  return fc
    .tuple(
      fc.shuffledSubarray([...contracts], { minLength: contracts.length }),
      fc.array(fc.tuple(fc.nat(contracts.length), extra), { maxLength: 3 }),
    )
    .map(([order, extras]) => {
      const happenings: Happening[] = [...order];
      for (const [index, happening] of extras) happenings.splice(index, 0, happening);
      return happenings;
    });
}

/** Plays happenings to a service, each event with `data` and in the saga `s`; then checks it. */
export async function playTo<Begins extends EventContract>(
  kit: LocalKit,
  service: Service<unknown, Begins>,
  happenings: readonly Happening[],
  data: unknown,
  check: (stage: Stage<Begins>) => Promise<void> | void,
): Promise<void> {
  await using stage = await Stage.open(kit, service);
  const messages = new Map<EventContract, ReturnType<typeof envelope>>();
  for (const happening of happenings) {
    if (happening === "restart") await stage.restart();
    else {
      // The same message, when it comes again.
      const message = messages.get(happening) ?? envelope(happening, "s", data);
      messages.set(happening, message);
      await stage.hear(message);
    }
  }
  await check(stage);
}
