import { InvalidArgumentError } from "commander";

/** Where a console listens, unless a flag says otherwise. */
export const CONSOLE_PORT = 4280;

/** Reads `--port`. */
export function portIn(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError("Give a port from 0 to 65535.");
}
