import { kafkaGrants } from "../acl/kafka.ts";
import type { Provision, ServicePart } from "../adapter/provision.ts";
import { OdoriError } from "../contract/errors.ts";
import { client } from "./client.ts";
import {
  type ConnectionFlags,
  kafkaConnection,
  natsConnection,
  postgresConnection,
  rabbitConnection,
  withPassword,
} from "./connection.ts";

/** Holds the parsed options of `odori provision`. */
export interface ProvisionFlags extends ConnectionFlags {
  readonly nats?: string;
  readonly rabbitmq?: string;
  readonly kafka?: string;
  readonly postgres?: string;
  readonly dryRun: boolean;
  readonly grants: boolean;
  readonly management?: string;
  readonly stream: string;
  readonly prefix?: string;
  readonly exchange: string;
  readonly schema: string;
  readonly replicas?: number;
  readonly partitions?: number;
  readonly days?: number;
  readonly json: boolean;
}

/** What a broker needs, and the work that creates what is missing. */
interface Plan {
  readonly provisions: readonly Provision[];
  run(): Promise<void>;
}

const DAY_MS = 24 * 3_600_000;

/** Plans for the broker that the flags name. Throws `OPTION_INVALID` or `MODULE_UNREADABLE`. */
export async function planFor(parts: readonly ServicePart[], flags: ProvisionFlags): Promise<Plan> {
  if (flags.nats !== undefined) return natsPlan(parts, flags, flags.nats);
  if (flags.rabbitmq !== undefined) return rabbitPlan(parts, flags, flags.rabbitmq);
  if (flags.kafka !== undefined) return kafkaPlan(parts, flags, flags.kafka);
  return postgresPlan(parts, flags, flags.postgres ?? "");
}

async function natsPlan(
  parts: readonly ServicePart[],
  flags: ProvisionFlags,
  servers: string,
): Promise<Plan> {
  refuseGrants(flags, "--nats");
  const { provisions, provision } = await client(
    "@nats-io/jetstream and @nats-io/transport-node",
    () => import("../adapters/nats/provision.ts"),
  );
  const { stream, prefix, replicas, days } = flags;
  const options = {
    servers,
    stream,
    ...(prefix !== undefined && { prefix }),
    ...(replicas !== undefined && { replicas }),
    ...(days !== undefined && { maxAgeMs: days * DAY_MS }),
    ...(await natsConnection(flags)),
  };
  return { provisions: provisions(options, parts), run: () => provision(options, parts) };
}

async function rabbitPlan(
  parts: readonly ServicePart[],
  flags: ProvisionFlags,
  url: string,
): Promise<Plan> {
  const { management, grants, exchange } = flags;
  if (management === undefined) refuseGrants(flags, "--rabbitmq", " Or add --management <url>.");
  const [{ provisions, provision }, { grantOver }, { rabbitPermissions }] = await client(
    "rabbitmq-client",
    () =>
      Promise.all([
        import("../adapters/rabbitmq/provision.ts"),
        import("../adapters/rabbitmq/management.ts"),
        import("../acl/rabbitmq.ts"),
      ]),
  );
  const options = { ...rabbitConnection(url, flags), exchange };
  const things = provisions(options, parts);
  // Without a path the virtual host is the default one.
  const vhost = decodeURIComponent(new URL(url).pathname.slice(1)) || "/";
  const granted = (grants ? parts : []).map((part) => ({
    user: part.service,
    vhost,
    exchange,
    ...rabbitPermissions(part, { exchange, vhost }),
  }));
  const rights = granted.flatMap(({ user, configure, write, read, topicWrite, topicRead }) => [
    { kind: "grant", name: user, detail: `configure ${configure} write ${write} read ${read}` },
    { kind: "grant", name: user, detail: `topics: write ${topicWrite} read ${topicRead}` },
  ]);
  return {
    provisions: [...things, ...rights],
    async run() {
      await provision(options, parts);
      if (management !== undefined) await grantOver(withPassword(management), granted);
    },
  };
}

async function kafkaPlan(
  parts: readonly ServicePart[],
  flags: ProvisionFlags,
  brokers: string,
): Promise<Plan> {
  const { prefix = "odori.", replicas, partitions, days, grants } = flags;
  const { provisions, provision } = await client(
    "@platformatic/kafka",
    () => import("../adapters/kafka/provision.ts"),
  );
  const options = {
    brokers,
    prefix,
    ...(replicas !== undefined && { replicas }),
    ...(partitions !== undefined && { partitions }),
    ...(days !== undefined && { retentionMs: days * DAY_MS }),
    ...kafkaConnection(flags),
  };
  const granted = grants ? parts.flatMap((part) => kafkaGrants(part, { prefix })) : [];
  const rights = granted.map(({ principal, operation, resource, name }) => ({
    kind: "grant",
    name: principal,
    detail: `${operation} ${resource} ${name}`,
  }));
  return {
    provisions: [...provisions(options, parts), ...rights],
    run: () => provision(options, parts, granted),
  };
}

async function postgresPlan(
  parts: readonly ServicePart[],
  flags: ProvisionFlags,
  url: string,
): Promise<Plan> {
  const { schema, grants } = flags;
  const { provisions, provision, busGrants, busPolicies } = await client(
    "pg",
    () => import("../adapters/postgres/provision.ts"),
  );
  const options = { ...postgresConnection(url, flags), schema };
  const granted = grants
    ? [
        ...parts.map((part) => [part.service, busGrants(part, options)] as const),
        [schema, busPolicies(options)] as const,
      ]
    : [];
  const rights = granted.flatMap(([name, statements]) =>
    statements.map((detail) => ({ kind: "grant", name, detail })),
  );
  return {
    provisions: [...provisions(options, parts), ...rights],
    run: () =>
      provision(
        options,
        parts,
        rights.map(({ detail }) => detail),
      ),
  };
}

function refuseGrants({ grants }: ProvisionFlags, broker: string, or = ""): void {
  if (!grants) return;
  throw new OdoriError("USAGE", `--grants does not go with ${broker}.`, {
    hint: `This broker keeps permissions elsewhere: odori acl ${broker} prints them.${or}`,
  });
}
