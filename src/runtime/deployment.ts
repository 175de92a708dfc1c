import { codeOf, OdoriError } from "../contract/errors.ts";
import type { Portrait } from "../manifest/fingerprint.ts";
import { hazardText } from "../manifest/hazard-text.ts";
import type { Hazard } from "../manifest/hazards.ts";
import type { ServiceEntry } from "../manifest/manifest.ts";
import type { CensusRow, StoredDeclaration } from "../ports/declarations.ts";
import type { Logger } from "../ports/logger.ts";
import { compareWith, type InFlight, recentEntries, type TryBody } from "./in-flight.ts";
import { contractOf, knownParts } from "./intake.ts";
import { parsed } from "./parse.ts";
import type { ServicePlan } from "./plan.ts";

/** What is done about hazards: the service does not start, or it logs them. */
export type OnHazard = "refuse" | "warn";

export interface DeploymentParts<Native> {
  readonly portrait: Portrait;
  readonly plan: ServicePlan<Native>;
  readonly store: InFlight;
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
  const { entry, fingerprint } = portrait;
  const stored = await declarations.all();
  const before = othersAmong(stored, parts);
  // The version that was put last has been compared with these rows: a restart reads none of them.
  if (stored[0]?.fingerprint !== fingerprint) {
    const { hazards, census } = await compareWith(store, before, entry, tryBody(parts.plan));
    logRetired(parts, census);
    const ranBefore = stored.some((one) => one.fingerprint === fingerprint);
    if (hazards.length > 0 && onHazard === "refuse" && !ranBefore)
      throw hazardsRefused(entry.name, hazards, parts.now());
    for (const hazard of hazards)
      logger.warn(`deployment hazard: ${hazardText(hazard, parts.now())}`, {
        code: hazard.code,
        hint: hazard.hint,
      });
  }
  await declarations.put(portrait);
  return before;
}

/** The other declarations of the service that may have sagas in flight. */
export function othersAmong(
  stored: readonly StoredDeclaration[],
  { portrait, retentionMs, now }: Pick<DeploymentParts<never>, "portrait" | "retentionMs" | "now">,
): readonly ServiceEntry[] {
  const others = stored.filter(({ fingerprint }) => fingerprint !== portrait.fingerprint);
  return recentEntries(others, portrait.entry.name, now() - retentionMs);
}

function tryBody<Native>(plan: ServicePlan<Native>): TryBody {
  const known = knownParts(plan);
  return (name, event) => {
    if (plan.retired.has(name) || !known.has(name)) return;
    const contract = contractOf(plan, name, event.type);
    if (contract === undefined)
      throw new OdoriError("UNKNOWN_TYPE", `It does not read ${event.type}.`);
    try {
      parsed(event, contract);
    } catch (error) {
      if (codeOf(error) === "PAYLOAD_INVALID") throw error;
    }
  };
}

function hazardsRefused(service: string, hazards: readonly Hazard[], now: number): OdoriError {
  const lines = hazards.map(
    (hazard) => `\n  ${hazard.code}: ${hazardText(hazard, now)}. ${hazard.hint}`,
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

/** Says how many rows a retired part still has: they are dropped when they are due. */
function logRetired<Native>(
  { plan, portrait, logger }: DeploymentParts<Native>,
  census: readonly CensusRow[],
): void {
  const dropped = ["armed", "retrying", "waiting"];
  for (const [name, reason] of plan.retired) {
    const rows = census.filter(
      (row) => row.kind === "deferred" && row.name === name && dropped.includes(row.state),
    );
    const count = rows.reduce((all, row) => all + row.count, 0);
    if (count > 0)
      logger.warn(
        `${name} of ${portrait.entry.name} is retired: its deliveries are dropped when due`,
        { count, reason },
      );
  }
}
