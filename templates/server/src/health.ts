import type { Health } from "odori";

/** For a readiness probe: whether each service of this process reaches its database and its bus. */
export async function readiness(apps: readonly { health(): Promise<Health> }[]) {
  const health = await Promise.all(apps.map((app) => app.health()));
  return {
    ready: health.every(({ state }) => state === "ready"),
    services: health.map(({ service, state, reason }) => ({ service, state, reason })),
  };
}
