import { messageOf, OdoriError } from "../../contract/errors.ts";
import { busForbidden, busTopology, busUnavailable } from "../../ports/errors.ts";

/** What one user may do, as regular expressions over names. */
export interface RabbitGrant {
  readonly user: string;
  readonly vhost: string;
  readonly exchange: string;
  readonly configure: string;
  readonly write: string;
  readonly read: string;
  readonly topicWrite: string;
  readonly topicRead: string;
}

const LIMIT_MS = 10_000;

/**
 * Sets the permissions of users that exist, over the HTTP API of the management plugin. `url` has
 * the administrator's name and password. Throws `BUS_TOPOLOGY`, `BUS_FORBIDDEN` or
 * `BUS_UNAVAILABLE`.
 */
export async function grantOver(url: string, grants: readonly RabbitGrant[]): Promise<void> {
  const { origin } = new URL(url);
  const headers = headersFor(url);
  const put = async (kind: string, { vhost, user }: RabbitGrant, body: object) => {
    const path = `/api/${kind}/${encodeURIComponent(vhost)}/${encodeURIComponent(user)}`;
    const request = { method: "PUT", headers, body: JSON.stringify(body) };
    const response = await fetch(`${origin}${path}`, {
      ...request,
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    const text = await response.text();
    if (response.ok) return;
    const cause = new Error(`${response.status} ${text.slice(0, 200)}`);
    if (response.status === 401 || response.status === 403) throw busForbidden(origin, cause);
    throw busTopology(
      `The management API refuses the permissions of ${user}: ${messageOf(cause)}.`,
      "Create the user first: rabbitmqctl add_user <service> <password>.",
      cause,
    );
  };
  try {
    for (const grant of grants) {
      const { configure, write, read, exchange, topicWrite, topicRead } = grant;
      await put("permissions", grant, { configure, write, read });
      await put("topic-permissions", grant, { exchange, write: topicWrite, read: topicRead });
    }
  } catch (error) {
    if (error instanceof OdoriError) throw error;
    throw busUnavailable(origin, error);
  }
}

/** The login of an address, as headers: a request must not have it in its own address. */
export function headersFor(url: string): Readonly<Record<string, string>> {
  const { username, password } = new URL(url);
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    authorization: `Basic ${Buffer.from(login).toString("base64")}`,
    "content-type": "application/json",
  };
}
