import { hostname } from "node:os";
import { type Diagnosis, verdict } from "../../adapter/diagnosis.ts";
import { messageOf } from "../../contract/errors.ts";

const LIMIT_MS = 3_000;
/** The endpoint knows the method, or denies it to strangers: something is there. */
const PRESENT: readonly number[] = [401, 403, 405];

/**
 * Asks each URL by the handshake of CloudEvents WebHook (OPTIONS) whether events may be sent there.
 * Sends no event. Never throws: a failure is a finding.
 *
 * @example
 * ```ts
 * import { diagnose } from "odori/http";
 *
 * for (const { level, check, message } of await diagnose(["https://shipping.example/events"]))
 *   console.log(level, check, message);
 * ```
 */
export function diagnose(
  urls: readonly string[],
  origin: string = hostname(),
): Promise<readonly Diagnosis[]> {
  return Promise.all(urls.map((url) => ask(url, origin)));
}

async function ask(url: string, origin: string): Promise<Diagnosis> {
  const check = URL.canParse(url) ? new URL(url).host : "url";
  try {
    const response = await fetch(url, {
      method: "OPTIONS",
      headers: { "webhook-request-origin": origin },
      redirect: "manual",
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    await response.body?.cancel();
    const { status, headers, ok } = response;
    const permits = headers.get("webhook-allowed-origin");
    const granted = permits === "*" || permits === origin;
    const said = granted ? `permits ${origin}` : "without a word on who may send";
    return verdict(check, ok || PRESENT.includes(status), "error", `replies ${status}, ${said}`);
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    return { level: "error", check, message: messageOf(cause) };
  }
}
