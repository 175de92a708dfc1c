import { toManifest } from "../../src/manifest/read.ts";
import { BROKEN } from "../check/broken.ts";
import { SOUND } from "../check/sound.ts";

/** What a declaration in code cannot say, or the runtime refuses. */
const PASSED_OVER = ["an undo without a key finds no effect that has one"];
const REFUSED = [
  "UNBOUNDED_LOOP",
  "FOREIGN_UNDO",
  "UNKNOWN_EFFECT",
  "NAME_GRAMMAR",
  "NEVER_EMITTED",
];

/** The choreographies of the catalogue that the runtime can run. */
export const playedCases = [...SOUND, ...BROKEN]
  .filter(({ manifest, codes }) => {
    const services = [...toManifest(manifest).services.values()];
    const own = services.every(({ inbox, fence }) => inbox && fence);
    return own && !codes.some((code) => REFUSED.includes(code));
  })
  .filter(({ name }) => !PASSED_OVER.includes(name));
