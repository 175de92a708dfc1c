import { toManifest } from "../../src/manifest/read.ts";
import { BROKEN } from "../check/broken.ts";
import { type Case, change } from "../check/parts.ts";
import { parallel, SOUND } from "../check/sound.ts";

/** What a declaration in code cannot say, or the runtime refuses. */
const PASSED_OVER = ["an undo without a key finds no effect that has one"];
const REFUSED = [
  "UNBOUNDED_LOOP",
  "FOREIGN_UNDO",
  "UNKNOWN_EFFECT",
  "NAME_GRAMMAR",
  "NEVER_EMITTED",
];

/**
 * A join that can only be late, and silent: the name that it shares is taken before its first event
 * comes. If both refuse, an event of one type comes twice. The checker's catalogue has no place for
 * what does nothing.
 */
const lateJoin: Case = {
  name: "a late join hears an event twice",
  codes: [],
  manifest: change(parallel, {
    watch: {
      reactions: [
        { on: ["payment.declined.v1"], once: "noted" },
        { all: ["payment.settled.v1", "stock.settled.v1"], once: "noted" },
      ],
    },
  }),
};

/** The choreographies that the runtime can run: of the catalogue, and one more. */
export const playedCases = [...SOUND, ...BROKEN, lateJoin]
  .filter(({ manifest, codes }) => {
    const services = [...toManifest(manifest).services.values()];
    const own = services.every(({ inbox, fence }) => inbox && fence);
    return own && !codes.some((code) => REFUSED.includes(code));
  })
  .filter(({ name }) => !PASSED_OVER.includes(name));
