import { Connection } from "rabbitmq-client";
import type { Provision, ServicePart } from "../../adapter/provision.ts";
import { codeOf, OdoriError } from "../../contract/errors.ts";
import { busForbidden, busUnavailable } from "../../ports/errors.ts";
import { placeOf, queueOf, type RabbitOptions, settingsOf } from "./options.ts";
import { deadOf, ensureExchange, ensureQueue } from "./topology.ts";

const LIMIT_MS = 5_000;

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
 * `BUS_TOPOLOGY`, `BUS_FORBIDDEN` or `BUS_UNAVAILABLE`.
 */
export async function provision(
  options: RabbitOptions,
  parts: readonly ServicePart[],
): Promise<void> {
  const settings = settingsOf(options);
  const { url, hosts, tls } = settings;
  const connection = new Connection({
    url,
    ...(hosts === undefined ? {} : { hosts: [...hosts] }),
    ...(tls === undefined ? {} : { tls }),
    connectionName: "odori provision",
    acquireTimeout: LIMIT_MS,
    connectionTimeout: LIMIT_MS,
  });
  let last: unknown;
  connection.on("error", (error: unknown) => (last = error));
  try {
    await connection.onConnect(LIMIT_MS, true);
    await ensureExchange(connection, settings);
    for (const { service, hears } of parts)
      for (const type of hears) await ensureQueue(connection, settings, service, type);
  } catch (error) {
    if (error instanceof OdoriError) throw error;
    const forbidden = codeOf(error) === "ACCESS_REFUSED";
    throw forbidden
      ? busForbidden(placeOf(settings), error)
      : busUnavailable(placeOf(settings), last ?? error);
  } finally {
    connection.unsafeDestroy();
  }
}
