import type { Connection } from "rabbitmq-client";
import { OdoriError } from "../../contract/errors.ts";
import { type RabbitSettings, vhostOf } from "./options.ts";

/**
 * Looks why the broker does not reply to a consumer of a queue. A quorum queue without a leader
 * leaves the consumer without a reply, and still answers whether it exists. Resolves to undefined
 * if that was not the reason; waits for ever for a broker that does not reply at all.
 */
export async function leaderlessQueue(
  connection: Connection,
  settings: RabbitSettings,
  queue: string,
): Promise<OdoriError | undefined> {
  try {
    await connection.queueDeclare({ queue, passive: true });
  } catch {
    return undefined;
  }
  return new OdoriError("QUEUE_LEADERLESS", `The queue ${queue} exists, and has no leader.`, {
    hint: `Start the nodes of its members; if all run: ${electionIn(vhostOf(settings), queue)}`,
  });
}

/**
 * The command that makes the one member of a queue its leader. RabbitMQ holds no election itself
 * for a member that has forgotten the others. The name is made as `rabbit_quorum_queue` makes it.
 */
export function electionIn(vhost: string, queue: string): string {
  const member = `${vhost === "/" ? "%2F" : vhost}_${queue}`;
  return `rabbitmqctl eval 'ra:trigger_election({list_to_atom("${member}"), node()}).'`;
}
