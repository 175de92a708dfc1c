import { type Diagnosis, verdict } from "./diagnosis.ts";

/** The deliveries of a store that were put off, as its `diagnose` found them. */
export function deferredVerdicts(deferred: number, parked: number): readonly Diagnosis[] {
  const those = (n: number) => (n === 1 ? "1 delivery is" : `${n} deliveries are`);
  const hint = parked === 0 ? "" : ": see `odori parked list`";
  return [
    verdict("retrying", true, "ok", `${those(deferred)} deferred`),
    verdict("parked", parked === 0, "warning", `${those(parked)} parked${hint}`),
  ];
}
