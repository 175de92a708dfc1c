import { relative } from "node:path";
import { fileURLToPath } from "node:url";

/** Where Odori itself stands: its frames are not those of a caller. */
const OWN = fileURLToPath(new URL("..", import.meta.url));
const FRAME = /\(?(?:file:\/\/)?([^()\s]+:\d+):\d+\)?$/;

/** The frames of a stack, nearest first. */
export function framesOf(stack: string): readonly string[] {
  return stack.split("\n").filter((line) => /^\s+at /.test(line));
}

/** The file and the line of the first of the frames that are the user's; undefined without one. */
export function userPlaceIn(frames: readonly string[]): string | undefined {
  for (const frame of frames) {
    if (/node:|node_modules|<anonymous>/.test(frame)) continue;
    const place = FRAME.exec(frame)?.[1];
    if (place !== undefined && !place.startsWith(OWN)) return place;
  }
  return undefined;
}

/** The place in the user's code where an error comes from; undefined where that is not known. */
export function thrownAt(error: unknown): string | undefined {
  try {
    return error instanceof Error ? userPlaceIn(framesOf(String(error.stack))) : undefined;
  } catch {
    return undefined;
  }
}

/** The place as people read it: from the working directory. */
export function readablePlace(at: string): string {
  return at.startsWith("/") ? relative(process.cwd(), at) : at;
}
