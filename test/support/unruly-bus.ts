import { hash } from "node:crypto";
import type { Bus, Deliver, Incoming } from "odori";

/**
 * A bus at its worst within what it promises: everything may come twice, late, and in another
 * order. The same seed, the same mischief.
 */
export function unruly(bus: Bus, seed: number): Bus {
  const random = generator(seed);
  const delivered: { readonly incoming: Incoming; readonly deliver: Deliver }[] = [];
  return {
    guarantees: bus.guarantees,
    async publish(events) {
      const shuffled = [...events].sort(() => random() - 0.5);
      const results = await bus.publish(shuffled);
      return events.flatMap((event) => results[shuffled.indexOf(event)] ?? []);
    },
    subscribe: (options, deliver) =>
      bus.subscribe(options, async (incoming) => {
        for (let turns = Math.floor(random() * 4); turns > 0; turns--)
          await new Promise((resolve) => setImmediate(resolve));
        if (random() < 0.1) throw new Error("the acknowledgement was lost on the way");
        delivered.push({ incoming, deliver });
        const copies =
          random() < 0.3 ? [deliver(incoming), deliver(incoming)] : [deliver(incoming)];
        // And something old comes once more.
        const old = delivered[Math.floor(random() * delivered.length)];
        if (old !== undefined && random() < 0.2) copies.push(old.deliver(old.incoming));
        await Promise.all(copies);
        if (random() < 0.1) throw new Error("the acknowledgement was lost on the way back");
      }),
    close: () => bus.close(),
  };
}

/** Numbers from 0 up to 1, the same for the same seed. */
export function generator(seed: number): () => number {
  let count = 0;
  return () => Number.parseInt(hash("sha1", `${seed}/${count++}`, "hex").slice(0, 8), 16) / 2 ** 32;
}
