import { type Fleet, SERVICES, type Takeovers } from "./fleet.ts";

/** All takeovers of a run, and how many processes have died. */
export interface Mortality extends Takeovers {
  readonly deaths: number;
}

/** Sums up what was taken over, and names each service in which more was than processes died. */
export function judgeMortality(fleet: Pick<Fleet, "mortality">): {
  readonly mortality: Mortality;
  readonly violations: readonly string[];
} {
  const sum = { processes: 0, events: 0, deliveries: 0, lost: 0, deaths: 0 };
  const violations: string[] = [];
  for (const service of SERVICES) {
    const own = fleet.mortality(service);
    sum.processes += own.processes;
    sum.events += own.events;
    sum.deliveries += own.deliveries;
    sum.lost += own.lost;
    sum.deaths += own.deaths;
    if (own.processes > own.deaths)
      violations.push(
        `takeovers: ${own.processes} processes of ${service} were found dead, ${own.deaths} died`,
      );
    if (own.lost > 0)
      violations.push(`takeovers: a process of ${service} was found dead, and it lived`);
    if (own.deaths === 0 && own.events > 0)
      violations.push(`takeovers: ${own.events} events of ${service} again, without a death`);
  }
  return { mortality: sum, violations };
}
