import { type Diagnosis, verdict } from "../../adapter/diagnosis.ts";
import { messageOf, OdoriError } from "../../contract/errors.ts";
import { busRefusesConnection } from "../../ports/connection.ts";
import { busUnavailable } from "../../ports/errors.ts";
import { explain } from "./errors.ts";
import { electionIn } from "./leaderless.ts";
import { headersFor } from "./management.ts";
import { type RabbitSettings, vhostOf } from "./options.ts";

/** A queue through which a service hears a type, as the management API describes it. */
interface HearingQueue {
  readonly name: string;
  readonly consumers: number;
  /** Undefined: the broker has no figures of the queue, because only its leader reports them. */
  readonly messages: number | undefined;
}

const LIMIT_MS = 10_000;
const PAGE_SIZE = 500;
/** Further queues are not looked at. */
const PAGES_MAX = 20;

/**
 * Examines the queues of the services over the management API: AMQP itself cannot list queues.
 * Never throws: a failure is a finding.
 */
export async function examineQueues(
  management: string,
  settings: RabbitSettings,
): Promise<readonly Diagnosis[]> {
  try {
    const ask = asking(management);
    const queues = await queuesOf(settings, ask);
    const bound = await boundTo(settings, ask);
    const led = queues.filter(({ messages }) => messages !== undefined);
    const leaderless = queues.filter(({ messages }) => messages === undefined);
    const deaf = led.filter(({ consumers }) => consumers === 0);
    const unbound = queues.filter(({ name }) => !bound.has(name));
    const named = deaf.map(({ name, messages }) => `${name} (${messages} wait)`).join(", ");
    const waiting = queues.filter(({ messages = 0 }) => messages > 0);
    return [
      verdict(
        "hearers",
        deaf.length === 0,
        "warning",
        deaf.length === 0
          ? "each queue has one"
          : `no process hears ${named}; delete a queue that no service needs any more`,
      ),
      verdict(
        "leaders",
        leaderless.length === 0,
        "warning",
        leaderless.length === 0
          ? "each queue has one"
          : `nothing is known of ${leaderless.map(({ name }) => name).join(", ")}; unless it got ` +
              `one a moment ago, it has no leader, and no event gets in or out. On its node: ` +
              leaderless.map(({ name }) => electionIn(vhostOf(settings), name)).join(" "),
      ),
      verdict(
        "bindings",
        unbound.length === 0,
        "warning",
        unbound.length === 0
          ? "each queue gets its type"
          : `no event reaches ${unbound.map(({ name }) => name).join(", ")}`,
      ),
      verdict(
        "waiting",
        true,
        "ok",
        waiting.map(({ name, messages }) => `${name}: ${messages}`).join(", ") || "nothing",
      ),
    ];
  } catch (error) {
    const said = error instanceof OdoriError ? error : busUnavailable("the management API", error);
    return [{ level: "error", check: said.code, message: messageOf(said) }];
  }
}

type Ask = (path: string) => Promise<unknown>;

function asking(management: string): Ask {
  const { origin } = new URL(management);
  const headers = headersFor(management);
  return async (path) => {
    const signal = AbortSignal.timeout(LIMIT_MS);
    const response = await fetch(`${origin}/api/${path}`, { headers, signal }).catch(
      (error: unknown) => {
        // `fetch` itself says only that it has failed.
        throw explain(error instanceof Error ? (error.cause ?? error) : error, origin);
      },
    );
    if (response.status === 401)
      throw busRefusesConnection("LOGIN_REFUSED", origin, new Error("401 Unauthorized"));
    if (!response.ok) throw busUnavailable(origin, new Error(`it replies with ${response.status}`));
    return await response.json();
  };
}

async function queuesOf(settings: RabbitSettings, ask: Ask): Promise<readonly HearingQueue[]> {
  const found: HearingQueue[] = [];
  for (let page = 1; page <= PAGES_MAX; page++) {
    const query = `page=${page}&page_size=${PAGE_SIZE}&columns=name,consumers,messages`;
    const reply = await ask(`queues/${encodeURIComponent(vhostOf(settings))}?${query}`);
    const items = member(reply, "items");
    for (const one of Array.isArray(items) ? items : []) {
      const name = member(one, "name");
      if (typeof name !== "string" || !isHearing(name, settings)) continue;
      const messages = member(one, "messages");
      found.push({
        name,
        consumers: Number(member(one, "consumers") ?? 0),
        messages: messages === undefined ? undefined : Number(messages),
      });
    }
    if (page >= Number(member(reply, "page_count") ?? 0)) break;
  }
  return found;
}

async function boundTo(settings: RabbitSettings, ask: Ask): Promise<ReadonlySet<unknown>> {
  const exchange = encodeURIComponent(settings.exchange);
  const reply = await ask(
    `exchanges/${encodeURIComponent(vhostOf(settings))}/${exchange}/bindings/source`,
  );
  return new Set((Array.isArray(reply) ? reply : []).map((one) => member(one, "destination")));
}

/** Whether a queue has a name as `queueOf` makes them. */
function isHearing(name: string, { exchange }: RabbitSettings): boolean {
  return name.startsWith(`${exchange}.`) && name.includes(":");
}

function member(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}
