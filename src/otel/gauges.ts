import type { BatchObservableResult, Meter } from "@opentelemetry/api";
import { DEFERRED_STATES } from "../ports/deferred.ts";
import type { WatchedService } from "../ports/telemetry.ts";

/**
 * Reads the state of a service with each collection, which costs a query or two. Returns what ends
 * that.
 */
export function observe(meter: Meter, { name, report }: WatchedService): () => void {
  const gauge = (metric: string, description: string, unit: string) =>
    meter.createObservableGauge(metric, { description, unit });
  const degraded = gauge("odori.degraded", "1 while database or bus cannot be used.", "1");
  const refused = gauge("odori.outbox.refused", "Events that the bus refuses.", "{event}");
  const events = gauge("odori.outbox.events", "Events that the bus has not confirmed.", "{event}");
  const oldest = gauge("odori.outbox.oldest_age", "Age of the oldest of them.", "s");
  const deferred = gauge("odori.deferred", "Deferred deliveries by state.", "{delivery}");
  const sum = (metric: string, description: string, unit: string) =>
    meter.createObservableCounter(metric, { description, unit });
  const found = sum("odori.takeovers", "Processes that this one has found dead.", "{process}");
  const again = sum("odori.takeover.events", "Events of theirs, published again.", "{event}");
  const taken = sum("odori.takeover.deliveries", "Deliveries that they had claimed.", "{delivery}");
  const freed = sum("odori.takeover.redelivered", "Theirs on the bus, freed.", "{delivery}");
  const mistaken = sum("odori.lost", "Times that this process was found dead and lived.", "1");
  const counters = [found, again, taken, freed, mistaken];
  const gauges = [degraded, refused, events, oldest, deferred, ...counters];
  const service = { "odori.service": name };
  const read = async (result: BatchObservableResult) => {
    const { problem, refused: count, takenOver, redelivered, lost, store } = await report();
    // Without its code: an SDK reports a series for ever that was observed once.
    result.observe(degraded, problem === undefined ? 0 : 1, service);
    result.observe(refused, count, service);
    result.observe(found, takenOver.processes, service);
    result.observe(again, takenOver.events, service);
    result.observe(taken, takenOver.deliveries, service);
    result.observe(freed, redelivered, service);
    result.observe(mistaken, lost, service);
    if (store === undefined) return;
    result.observe(events, store.outbox, service);
    result.observe(oldest, store.outboxOldestMs / 1_000, service);
    for (const state of DEFERRED_STATES)
      result.observe(deferred, store.deferred[state] ?? 0, { ...service, "odori.state": state });
  };
  meter.addBatchObservableCallback(read, gauges);
  return () => meter.removeBatchObservableCallback(read, gauges);
}
