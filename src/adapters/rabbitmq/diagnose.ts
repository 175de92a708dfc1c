import type { Connection } from "rabbitmq-client";
import { type Diagnosis, verdict } from "../../adapter/diagnosis.ts";
import { codeOf, messageOf } from "../../contract/errors.ts";
import { explain } from "./errors.ts";
import { openConnection } from "./link.ts";
import { placeOf, type RabbitOptions, settingsOf } from "./options.ts";
import { examineQueues } from "./queues.ts";
import { deadOf } from "./topology.ts";

const TIMEOUT_MS = 3_000;

/** What `diagnose` needs besides the options of the bus. */
export interface RabbitDiagnosis {
  /**
   * `http://user:password@host:15672`: the HTTP API of the management plugin. Only it can list
   * queues, and say which have no consumer.
   *
   * @default the queues are not examined
   */
  readonly management?: string;
}

/**
 * Examines a broker, its exchange, its dead letters and the queues of the services without changing
 * them. Never throws: a failure is a finding.
 *
 * @example
 * ```ts
 * import { diagnose } from "odori/rabbitmq";
 *
 * const management = "http://guest:guest@localhost:15672";
 * const findings = await diagnose({ url: "amqp://localhost" }, { management });
 * for (const { level, check, message } of findings) console.log(level, check, message);
 * ```
 */
export async function diagnose(
  options: RabbitOptions,
  { management }: RabbitDiagnosis = {},
): Promise<readonly Diagnosis[]> {
  const settings = settingsOf(options);
  const { exchange } = settings;
  let connection: Connection | undefined;
  let blocked = "";
  try {
    const open = await openConnection(settings, {
      name: "odori doctor",
      timeoutMs: TIMEOUT_MS,
      prepare: (made) => made.on("connection.blocked", (reason) => (blocked = reason)),
    });
    connection = open;
    const there = await open.exchangeDeclare({ exchange, passive: true }).then(
      () => true,
      () => false,
    );
    const dead = await open
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
      ...(management === undefined
        ? [verdict("hearers", true, "ok", "not examined: that needs the management API")]
        : await examineQueues(management, settings)),
    ];
  } catch (cause) {
    const error = explain(cause, placeOf(settings));
    return [{ level: "error", check: codeOf(error), message: messageOf(error) }];
  } finally {
    connection?.unsafeDestroy();
  }
}
