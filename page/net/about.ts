import { signal } from "@preact/signals";
import type { About, Permission } from "../../src/console/wire.ts";
import { api } from "./api.ts";
import { Problem } from "./problem.ts";

export const about = signal<About | undefined>(undefined);
export const aboutProblem = signal<Problem | undefined>(undefined);

/** Asks who is there; times of the server are then compared with its own clock. */
export async function meet(): Promise<void> {
  try {
    about.value = await api.about();
    aboutProblem.value = undefined;
  } catch (error) {
    aboutProblem.value = Problem.from(error);
  }
}

export function allows(permission: Permission): boolean {
  return about.value?.allowed.includes(permission) === true;
}
