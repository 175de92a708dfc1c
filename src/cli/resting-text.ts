import type { RestingPlace } from "../observe/resting.ts";
import { shortType } from "../text/short.ts";

/** Says where a saga came to rest: `rests at payment: order.placed refused`. */
export function restingText({ service, type, disposition }: RestingPlace): string {
  return `rests at ${service}: ${shortType(type)} ${disposition}`;
}
