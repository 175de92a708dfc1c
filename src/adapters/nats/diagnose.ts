import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { type Diagnosis, verdict } from "../../adapter/diagnosis.ts";
import { MESSAGE_MAX_BYTES } from "../../cloudevents/message-limit.ts";
import { codeOf, messageOf } from "../../contract/errors.ts";
import { explain } from "./errors.ts";
import { type NatsOptions, placeOf, settingsOf } from "./options.ts";

/**
 * The first version with `sync_interval: always`, which syncs every message to disk. Without it,
 * power failure can lose the last two minutes.
 */
const SYNCS = [2, 10, 23] as const;
const NANOS_PER_MS = 1_000_000;
const DAY_MS = 24 * 3_600_000;

/**
 * Examines a server and its stream without changing them. Never throws: a failure is a finding.
 *
 * @example
 * ```ts
 * import { diagnose } from "odori/nats";
 *
 * const retentionMs = 30 * 24 * 3_600_000;
 * const findings = await diagnose({ servers: "nats://localhost:4222" }, retentionMs);
 * for (const { level, check, message } of findings) console.log(level, check, message);
 * ```
 */
export async function diagnose(
  options: NatsOptions,
  inboxRetentionMs: number,
): Promise<readonly Diagnosis[]> {
  const settings = settingsOf(options);
  const { servers, connection: more, stream } = settings;
  try {
    const connection = await connect({
      name: "odori doctor",
      timeout: 3_000,
      reconnect: false,
      ...more,
      servers,
    });
    try {
      const version = connection.info?.version ?? "0";
      const synced = isAtLeast(version, SYNCS);
      const found = [
        verdict(
          "nats",
          synced,
          "warning",
          `NATS ${version}${synced ? "" : `; ${SYNCS.join(".")} can sync every message`}`,
        ),
        verdict(
          "jetstream",
          connection.info?.jetstream === true,
          "error",
          connection.info?.jetstream === true
            ? "enabled"
            : "not enabled: start nats-server with -js",
        ),
      ];
      const maxBytes = connection.info?.max_payload ?? 0;
      found.push(
        verdict(
          "max_payload",
          maxBytes >= MESSAGE_MAX_BYTES,
          "error",
          `${maxBytes} bytes; an event may have ${MESSAGE_MAX_BYTES}`,
        ),
      );
      const manager = await jetstreamManager(connection, { checkAPI: false });
      const info = await manager.streams.info(stream).catch((error: unknown) => messageOf(error));
      if (typeof info === "string")
        return [
          ...found,
          verdict(
            "stream",
            false,
            "warning",
            `${stream}: ${info}; a service creates it where it may`,
          ),
        ];
      const { max_age, num_replicas, retention, discard } = info.config;
      const kept = max_age / NANOS_PER_MS;
      const remembered = kept > 0 && kept <= inboxRetentionMs;
      const waiting: string[] = [];
      const deaf: string[] = [];
      for await (const consumer of manager.consumers.list(stream)) {
        if (consumer.num_waiting + consumer.num_ack_pending === 0) deaf.push(consumer.name);
        if (consumer.num_pending > 0) waiting.push(`${consumer.name}: ${consumer.num_pending}`);
      }
      return [
        ...found,
        verdict(
          "stream",
          retention === "limits" && discard === "new",
          "error",
          `${stream}: ${info.state.messages} events, retention ${retention}, discard ${discard}`,
        ),
        verdict(
          "retention",
          remembered,
          "error",
          `${kept === 0 ? "unlimited" : `${kept / DAY_MS} days`}; ` +
            `the inbox keeps ${inboxRetentionMs / DAY_MS}`,
        ),
        verdict(
          "replicas",
          num_replicas >= 3,
          "warning",
          `${num_replicas}${num_replicas >= 3 ? "" : "; in production 3"}`,
        ),
        verdict(
          "hearers",
          deaf.length === 0,
          "warning",
          deaf.length === 0 ? "each consumer has one" : `no process hears ${deaf.join(", ")}`,
        ),
        verdict("waiting", true, "ok", waiting.length === 0 ? "nothing" : waiting.join(", ")),
      ];
    } finally {
      await connection.close();
    }
  } catch (cause) {
    const error = explain(cause, placeOf(settings));
    return [{ level: "error", check: codeOf(error), message: messageOf(error) }];
  }
}

function isAtLeast(version: string, least: readonly number[]): boolean {
  const parts = version.split(/[.-]/).map(Number);
  for (const [index, want] of least.entries()) {
    const part = parts[index] ?? 0;
    if (part !== want) return part > want;
  }
  return true;
}
