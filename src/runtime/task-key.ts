import type { Task } from "./task.ts";

/** Names the delivery of a task, also where the bus brings it again. */
export function taskKey({ receipt: { reaction, source, id } }: Task<unknown>): string {
  return JSON.stringify([reaction, source, id]);
}
