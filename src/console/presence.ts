import type { Desk } from "./desk.ts";
import type { MapBox } from "./map-graph.ts";
import type { NodeLive } from "./wire.ts";

/** Says of the service of a box whether it is read. */
export function presenceAt({ observer }: Desk, { at }: MapBox): Pick<NodeLive, "unread"> {
  const service = at?.service ?? "";
  const isUnread =
    observer.unnamed.includes(service) || observer.away.some((one) => one.service === service);
  return isUnread ? { unread: true } : {};
}
