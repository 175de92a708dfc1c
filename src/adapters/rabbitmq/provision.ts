import type { Connection } from "rabbitmq-client";
import type { Provision, ServicePart } from "../../adapter/provision.ts";
import { explain } from "./errors.ts";
import { openConnection } from "./link.ts";
import { placeOf, queueOf, type RabbitOptions, settingsOf } from "./options.ts";
import { deadOf, ensureExchange, ensureQueues } from "./topology.ts";

/** Lists what `provision` creates: the exchanges, and a queue for each service and type. */
export function provisions(
  options: RabbitOptions,
  parts: readonly ServicePart[],
): readonly Provision[] {
  const settings = settingsOf(options);
  const dead = deadOf(settings);
  return [
    { kind: "exchange", name: settings.exchange, detail: "takes all events, by type" },
    { kind: "exchange", name: dead, detail: "takes dead letters" },
    { kind: "queue", name: dead, detail: "keeps dead letters" },
    ...parts.flatMap(({ service, hears }) =>
      hears.map((type) => ({
        kind: "queue",
        name: queueOf(settings, service, type),
        detail: `${service} hears ${type}`,
      })),
    ),
  ];
}

/**
 * Creates what is missing, and verifies the rest. The user needs the permission to do so. Throws
 * `BUS_TOPOLOGY`, `BUS_FORBIDDEN`, `BUS_UNAVAILABLE` or `LOGIN_REFUSED`.
 */
export async function provision(
  options: RabbitOptions,
  parts: readonly ServicePart[],
): Promise<void> {
  const settings = settingsOf(options);
  let connection: Connection | undefined;
  try {
    connection = await openConnection(settings, { name: "odori provision" });
    await ensureExchange(connection, settings);
    const hearings = parts.flatMap(({ service, hears }) =>
      hears.map((type) => ({ group: service, type })),
    );
    await ensureQueues(connection, settings, hearings, new Map());
  } catch (error) {
    throw explain(error, placeOf(settings));
  } finally {
    connection?.unsafeDestroy();
  }
}
