import type { Judged } from "../../src/observer/saga-rows.ts";
import { type SagaVerdict, VERDICTS } from "../../src/observer/verdict.ts";

export const BEGAN = Date.UTC(2026, 0, 1);

/** One in ten is open: parked, stuck, late or on its way at one of forty services. */
export function judged(n: number): Judged {
  const isOpen = n % 10 === 0;
  const verdict: SagaVerdict = isOpen
    ? (VERDICTS[Math.floor(n / 10) % VERDICTS.length] ?? "running")
    : n % 3 === 0
      ? "undone"
      : "succeeded";
  const began = BEGAN + n * 20;
  const service = `service-${n % 40}`;
  const sagaId = `order-${String(n).padStart(8, "0")}`;
  const type = "order.placed.v1";
  const delivery = { service, reaction: "order.placed", type, since: began };
  const isParked = verdict === "parked";
  const state = isParked ? ("parked" as const) : ("on its way" as const);
  return {
    summary: {
      ...{ sagaId, began, last: began + 400, steps: 7, duplicates: 0 },
      correlationId: n % 4 === 0 ? `web-${n % 1_000}` : sagaId,
      state: "running",
      end: isOpen ? undefined : { id: `e-${n}`, type, at: began + 300 },
      open: isOpen ? [{ ...delivery, state, dueAt: undefined, seq: isParked ? n : undefined }] : [],
    },
    ...{ verdict, early: [], uncounted: new Set<string>(), unread: [], unnamed: [] },
    parked: isParked
      ? [{ ...delivery, seq: n, attempts: 8, code: `CODE_${n % 7}`, message: "no reply" }]
      : [],
  };
}
