import type { EventEnvelope } from "../contract/envelope.ts";
import { codeOf, messageOf, OdoriError } from "../contract/errors.ts";
import { entryOf, type Portrait } from "../manifest/fingerprint.ts";
import { bodyHazard, type Hazard, hazardsOf } from "../manifest/hazards.ts";
import type { ServiceEntry } from "../manifest/manifest.ts";
import type { CensusRow, StoredDeclaration } from "../ports/declarations.ts";
import type { Logger } from "../ports/logger.ts";
import type { Store } from "../ports/store.ts";
import { spanOf } from "../text/span.ts";
import { contractOf, knownParts, readStored } from "./intake.ts";
import { parsed } from "./parse.ts";
import type { ServicePlan } from "./plan.ts";

/** Deferred deliveries whose payloads are tried against the new contracts. */
const SAMPLE_MAX = 200;

/** What is done about hazards: the service does not start, or it logs them. */
export type OnHazard = "refuse" | "warn";

export interface DeploymentParts<Native> {
  readonly portrait: Portrait;
  readonly plan: ServicePlan<Native>;
  readonly store: Store<Native>;
  readonly logger: Logger;
  readonly onHazard: OnHazard;
  readonly retentionMs: number;
  now(): number;
}

/**
 * Compares the declaration with those that have run on this database, and puts it there. Resolves
 * to the earlier declarations that may have sagas in flight. Throws `DEPLOYMENT_HAZARD`. A
 * declaration that has run here before only warns: it is a rollback, or the restart of an old
 * process while a new one is rolled out, and must not be refused.
 */
export async function admit<Native>(
  parts: DeploymentParts<Native>,
): Promise<readonly ServiceEntry[]> {
  const { portrait, store, logger, onHazard } = parts;
  const { declarations } = store;
  const service = portrait.entry.name;
  const stored = await declarations.all();
  const before = othersAmong(stored, parts);
  const census = await store.census();
  const { retired } = portrait.entry;
  logRetired(parts, census);
  const bodies = (await bodyHazards(parts)).filter(({ retiredAs }) => !retired.has(retiredAs));
  const hazards = [...hazardsOf(before, portrait.entry, census), ...bodies];
  const ranBefore = stored.some(({ fingerprint }) => fingerprint === portrait.fingerprint);
  if (hazards.length > 0 && onHazard === "refuse" && !ranBefore)
    throw hazardsRefused(service, hazards, parts.now());
  for (const hazard of hazards)
    logger.warn(`deployment hazard: ${sentence(hazard, parts.now())}`, {
      code: hazard.code,
      hint: hazard.hint,
    });
  await declarations.put(portrait);
  return before;
}

/** The other declarations of the service that may have sagas in flight. */
export function othersAmong(
  stored: readonly StoredDeclaration[],
  { portrait, retentionMs, now }: Pick<DeploymentParts<never>, "portrait" | "retentionMs" | "now">,
): readonly ServiceEntry[] {
  return stored
    .filter(({ lastAt }) => lastAt > now() - retentionMs)
    .filter(({ fingerprint }) => fingerprint !== portrait.fingerprint)
    .flatMap(({ manifest }) => entryOf(manifest, portrait.entry.name) ?? []);
}

function hazardsRefused(service: string, hazards: readonly Hazard[], now: number): OdoriError {
  const lines = hazards.map(
    (hazard) => `\n  ${hazard.code}: ${sentence(hazard, now)}. ${hazard.hint}`,
  );
  const accepted = hazards.map(({ retiredAs }) => `"${retiredAs}": "<reason>"`).join(", ");
  return new OdoriError(
    "DEPLOYMENT_HAZARD",
    `Sagas in flight of ${service} would lose state:${lines.join("")}\n `,
    {
      hint:
        `Correct the declaration, accept what is meant with retired: { ${accepted} }, ` +
        'or start with onHazard: "warn".',
    },
  );
}

function sentence({ message, count, newestAt }: Hazard, now: number): string {
  if (count === undefined || newestAt === undefined) return message;
  const seconds = Math.max(1, Math.floor((now - newestAt) / 1_000));
  const age = seconds >= 120 ? `${Math.floor(seconds / 60)} min` : spanOf(seconds * 1_000);
  return `${message} (${count} ${count === 1 ? "row" : "rows"}, the newest ${age} old)`;
}

/** Says how many rows a retired part still has: they are dropped when they are due. */
function logRetired<Native>(
  { plan, portrait, logger }: DeploymentParts<Native>,
  census: readonly CensusRow[],
): void {
  const dropped = ["armed", "retrying", "waiting"];
  for (const name of plan.retired.keys()) {
    const rows = census.filter(
      (row) => row.kind === "deferred" && row.name === name && dropped.includes(row.state),
    );
    const count = rows.reduce((all, row) => all + row.count, 0);
    const reason = plan.retired.get(name);
    if (count > 0)
      logger.warn(
        `${name} of ${portrait.entry.name} is retired: its deliveries are dropped when due`,
        {
          count,
          reason,
        },
      );
  }
}

/** Throws `PAYLOAD_INVALID`, or `UNKNOWN_TYPE` where the part does not read the type. */
function readWith<Native>(plan: ServicePlan<Native>, reaction: string, event: EventEnvelope): void {
  if (plan.retired.has(reaction)) return;
  const contract = contractOf(plan, reaction, event.type);
  if (contract !== undefined) parsed(event, contract);
  else throw new OdoriError("UNKNOWN_TYPE", `It does not read ${event.type}.`);
}

/** Tries the payloads of a sample of deferred deliveries against the contracts of today. */
async function bodyHazards<Native>({
  plan,
  store,
}: DeploymentParts<Native>): Promise<readonly Hazard[]> {
  const states = ["armed", "gathered", "retrying", "waiting"] as const;
  const refused = new Map<string, { count: number; newestAt: number; problem: string }>();
  for (const { reaction, body, at } of await store.inspect.deferred(states, SAMPLE_MAX)) {
    const event = body.malformed ? undefined : readStored(body.text);
    if (event === undefined || !knownParts(plan).has(reaction)) continue;
    try {
      readWith(plan, reaction, event);
    } catch (error) {
      if (!["PAYLOAD_INVALID", "UNKNOWN_TYPE"].includes(codeOf(error))) continue;
      const known = refused.get(reaction) ?? { count: 0, newestAt: 0, problem: messageOf(error) };
      known.count++;
      known.newestAt = Math.max(known.newestAt, at);
      refused.set(reaction, known);
    }
  }
  return [...refused].map(([name, { problem, ...rows }]) => bodyHazard(name, rows, problem));
}
