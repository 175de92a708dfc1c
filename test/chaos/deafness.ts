import type { Server } from "../servers/server.ts";
import { eventually } from "../support/eventually.ts";
import { type BrokerFault, repaired } from "./broker.ts";
import type { Freeze, HealthSample } from "./fleet.ts";
import type { TcpProxy } from "./proxy.ts";

/** A time in which no service can reach a server. Milliseconds since 1970. */
export interface DeafTime {
  readonly what: string;
  readonly from: number;
  readonly to: number;
}

/** How long it lasts: longer than a black hole may stay unnoticed. */
const LASTS_MS = 45_000;
/** Within this time a service must notice that it hears nothing. */
const NOTICED_MS = 30_000;
const INFLICT_LIMIT_MS = 120_000;
const SHOWN_MAX = 3;

/** Locks the services out, or makes a black hole of the network, for long enough to be noticed. */
export async function makeDeaf(
  place: { readonly name: string; readonly server: Server; readonly proxy: TcpProxy },
  fault: BrokerFault | undefined,
  random: () => number,
): Promise<DeafTime> {
  const { name, server, proxy } = place;
  if (fault === undefined) {
    const from = Date.now();
    await proxy.blackOut(LASTS_MS);
    return { what: `black hole before ${name}`, from, to: from + LASTS_MS };
  }
  const inflict = async () => {
    await fault.inflict(server, random);
    return "inflicted";
  };
  await eventually(`${fault.name} is inflicted`, inflict, "inflicted", INFLICT_LIMIT_MS);
  const from = Date.now();
  // The timer is the fault: how long it lasts.
  await new Promise((resolve) => setTimeout(resolve, LASTS_MS));
  const to = Date.now();
  await repaired(server, fault);
  return { what: `${fault.name} of ${name}`, from, to };
}

/** What said that it was ready while it could hear nothing, and had had the time to notice. */
export function readyWhileDeaf(
  times: readonly DeafTime[],
  samples: readonly HealthSample[],
): readonly string[] {
  return times.flatMap(({ what, from, to }) => {
    const wrong = samples.filter(
      ({ state, at, freezes }) =>
        state === "ready" && at - frozenMs(freezes, from, at) > from + NOTICED_MS && at < to,
    );
    return wrong
      .slice(0, SHOWN_MAX)
      .map(
        ({ service, at }) =>
          `deaf: ${service} said it was ready ${Math.round((at - from) / 1_000)} s into ${what}`,
      );
  });
}

/** How long a process did not run between two moments. */
function frozenMs(freezes: readonly Freeze[], from: number, to: number): number {
  const overlaps = freezes.map((freeze) => Math.min(freeze.to, to) - Math.max(freeze.from, from));
  return overlaps.reduce((sum, overlap) => sum + Math.max(0, overlap), 0);
}
