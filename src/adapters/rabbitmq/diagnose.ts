import { Connection } from "rabbitmq-client";
import { type Diagnosis, verdict } from "../../adapter/diagnosis.ts";
import { codeOf, messageOf } from "../../contract/errors.ts";
import { busUnavailable } from "../../ports/errors.ts";
import { placeOf, type RabbitOptions, settingsOf } from "./options.ts";
import { deadOf } from "./topology.ts";

/**
 * Examines a broker, its exchange and its dead letters without changing them. Never throws: a
 * failure is a finding.
 *
 * @example
 * ```ts
 * import { diagnose } from "odori/rabbitmq";
 *
 * for (const { level, check, message } of await diagnose({ url: "amqp://localhost" }))
 *   console.log(level, check, message);
 * ```
 */
export async function diagnose(options: RabbitOptions): Promise<readonly Diagnosis[]> {
  const settings = settingsOf(options);
  const { url, exchange } = settings;
  const connection = new Connection({
    url,
    connectionName: "odori doctor",
    retryLow: 60_000,
    connectionTimeout: 3_000,
    acquireTimeout: 3_000,
  });
  let last: unknown;
  let blocked = "";
  connection.on("error", (error: unknown) => (last = error));
  connection.on("connection.blocked", (reason) => (blocked = reason));
  try {
    await connection.onConnect(3_000, true);
    const there = await connection.exchangeDeclare({ exchange, passive: true }).then(
      () => true,
      () => false,
    );
    const dead = await connection
      .queueDeclare({ queue: deadOf(settings), passive: true })
      .catch(() => undefined);
    const letters = dead?.messageCount ?? 0;
    return [
      verdict("rabbitmq", true, "ok", `${placeOf(settings)} replies`),
      verdict(
        "blocked",
        blocked === "",
        "error",
        blocked === "" ? "accepts messages" : `accepts no messages: ${blocked}`,
      ),
      verdict(
        "exchange",
        there,
        "warning",
        there ? exchange : `${exchange} does not exist; a service with permission creates it`,
      ),
      verdict("dead letters", letters === 0, "warning", `${letters} messages`),
    ];
  } catch (cause) {
    const error = busUnavailable(placeOf(settings), last ?? cause);
    return [{ level: "error", check: codeOf(error), message: messageOf(error) }];
  } finally {
    connection.unsafeDestroy();
  }
}
