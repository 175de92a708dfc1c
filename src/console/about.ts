import { version } from "../text/version.ts";
import type { Desk } from "./desk.ts";
import type { About } from "./wire.ts";

export function aboutReply(desk: Desk): About {
  const { manifest } = desk;
  return {
    version: version(),
    now: Date.now(),
    allowed: [...desk.allowed],
    ...(manifest && {
      choreography: {
        name: manifest.name,
        begins: manifest.begins,
        endsKnown: desk.endsKnown,
      },
    }),
    services: desk.services,
    dev: desk.dev !== undefined,
  };
}
