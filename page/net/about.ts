import { signal } from "@preact/signals";
import type { About, Permission } from "../../src/console/wire.ts";
import { SCREENS, type Screen } from "../route.ts";
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

/** The screens that this console has. */
export function screensHere(): readonly Screen[] {
  return SCREENS.filter((screen) => screen !== "dev" || about.value?.dev === true);
}

export function allows(permission: Permission): boolean {
  return about.value?.allowed.includes(permission) === true;
}
