import type { Deployed, Deployments } from "./deploy.ts";

/** More services than this have too many orders: about 8 × 2⁸ deployments to explore. */
const SERVICES_MAX = 8;

/** Tells which order of deployments is safe. */
export interface DeploymentOrder {
  /** The services in a safe order; null if there is none, or none was found. */
  readonly safe: readonly string[] | null;
  /** How many deployments were explored: one service, with some of the others done before. */
  readonly tried: number;
  /** False if not every order was tried: a safe one may be left. */
  readonly exhaustive: boolean;
}

/** Tells whether a deployment breaks nothing, and all of it was explored. */
export function isProved({ findings }: Deployed): boolean {
  return findings.every(({ severity, code }) => severity !== "error" && code !== "NOT_EXHAUSTIVE");
}

/**
 * Searches for an order in which each service can be deployed, one after another. Which deployments
 * are safe depends on what was deployed before, and not on its order.
 */
export function findOrder(
  deployments: Deployments,
  services: readonly string[],
  left: () => number,
): DeploymentOrder {
  const dead = new Set<string>();
  let tried = 0;
  let exhaustive = services.length <= SERVICES_MAX;
  const search = (done: readonly string[]): readonly string[] | undefined => {
    const waiting = services.filter((name) => !done.includes(name));
    const key = waiting.join("\n");
    if (waiting.length === 0) return [];
    if (dead.has(key)) return undefined;
    for (const service of waiting) {
      if (left() <= 0) {
        exhaustive = false;
        return undefined;
      }
      tried++;
      const others = new Set(waiting.filter((name) => name !== service));
      const deployed = deployments.explore({ service, waiting: others });
      if (!deployed.exploration.exhaustive) exhaustive = false;
      if (!isProved(deployed)) continue;
      const rest = search([...done, service]);
      if (rest !== undefined) return [service, ...rest];
    }
    dead.add(key);
    return undefined;
  };
  const safe = exhaustive ? search([]) : undefined;
  return { safe: safe ?? null, tried, exhaustive: safe !== undefined || exhaustive };
}
