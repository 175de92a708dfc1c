import { odoriHandler } from "odori/web";
import type { Shop } from "./shop.ts";

/** The paths that `probesOf` replies to. */
export const PROBES = ["/live", "/ready", "/sagas/:id", "/parked"] as const;

/**
 * Replies to `/live` and `/ready`. With ODORI_TOKEN also to `/sagas/<id>` and `/parked`, for
 * requests that have the token.
 */
export function probesOf({ apps }: Shop): (request: Request) => Promise<Response> {
  const { ODORI_TOKEN: token } = process.env;
  return odoriHandler(apps, token === undefined ? {} : { token });
}

/** Whether a request is one for `probesOf`. */
export function isProbe(url = "/"): boolean {
  return /^\/(live|ready|parked|sagas\/[^/?]+)(\?|$)/.test(url);
}
