import { inject } from "vitest";
import { HOW, type ProgramName } from "./find.ts";

declare module "vitest" {
  interface ProvidedContext {
    servers: Readonly<Record<ProgramName, string | undefined>>;
  }
}

/**
 * The URL of the server that this run of the suite shares (of the browser, its program); undefined
 * where it could not be had.
 */
export function urlOf(name: ProgramName): string | undefined {
  return inject("servers")[name];
}

/** For `describe`'s name: a suite that is skipped says what is missing. */
export function titleOf(name: ProgramName, title: string): string {
  return urlOf(name) === undefined ? `${title} (skipped, no ${name}: ${HOW[name]})` : title;
}

/** The same, where a test runs only if there is one. */
export function serverUrl(name: ProgramName): string {
  const url = urlOf(name);
  if (url === undefined) throw new Error(`${name} is missing: ${HOW[name]}`);
  return url;
}
