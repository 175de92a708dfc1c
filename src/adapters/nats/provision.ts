import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import type { Provision, ServicePart } from "../../adapter/provision.ts";
import { explain } from "./errors.ts";
import { consumerOf, type NatsOptions, placeOf, settingsOf, subjectOf } from "./options.ts";
import { ensureConsumer, ensureStream } from "./topology.ts";

/** Lists what `provision` creates: the stream, and a consumer for each service and type. */
export function provisions(
  options: NatsOptions,
  parts: readonly ServicePart[],
): readonly Provision[] {
  const settings = settingsOf(options);
  const { stream, prefix } = settings;
  return [
    { kind: "stream", name: stream, detail: `keeps ${prefix}.>` },
    ...parts.flatMap(({ service, hears }) =>
      hears.map((type) => ({
        kind: "consumer",
        name: consumerOf(service, type),
        detail: `${service} hears ${subjectOf(settings, type)}`,
      })),
    ),
  ];
}

/**
 * Creates what is missing, and verifies the rest. The user needs the permission to do so. Throws
 * `BUS_TOPOLOGY`, `BUS_FORBIDDEN`, `BUS_UNAVAILABLE` or `LOGIN_REFUSED`.
 */
export async function provision(
  options: NatsOptions,
  parts: readonly ServicePart[],
): Promise<void> {
  const settings = settingsOf(options);
  try {
    const { servers, connection: more } = settings;
    const connection = await connect({
      name: "odori provision",
      timeout: 5_000,
      reconnect: false,
      ...more,
      servers,
    });
    try {
      const manager = await jetstreamManager(connection, { checkAPI: false });
      await ensureStream(manager, settings);
      for (const { service, hears } of parts)
        for (const type of hears) await ensureConsumer(manager, settings, service, type);
    } finally {
      await connection.close();
    }
  } catch (error) {
    throw explain(error, placeOf(settings));
  }
}
