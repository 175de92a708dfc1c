import { spanOf } from "../text/span.ts";
import type { Hazard } from "./hazards.ts";

/** Says what would happen and to how many rows, as a sentence without its full stop. */
export function hazardText({ message, count, newestAt }: Hazard, now: number): string {
  if (count === undefined || newestAt === undefined) return message;
  const seconds = Math.max(1, Math.floor((now - newestAt) / 1_000));
  const age = seconds >= 120 ? `${Math.floor(seconds / 60)} min` : spanOf(seconds * 1_000);
  return `${message} (${count} ${count === 1 ? "row" : "rows"}, the newest ${age} old)`;
}
