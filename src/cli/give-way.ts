import { constants, setPriority } from "node:os";

/**
 * Lets other processes of this machine go first: one that observes services must not slow them down
 * while they are busy. It falls behind for as long, and says by how much.
 */
export function giveWay(): void {
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // A sandbox may forbid it. Then this process takes its turn like all others.
  }
}
