import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { timeline } from "odori/observe";
import { files } from "../../examples/order/database.ts";
import { UNREACHABLE } from "../../examples/order/shipping.ts";
import { Shop } from "../../examples/order/shop.ts";

/** One line of the trace: a message that a service has heard, and what it did. */
export interface RecordedStep {
  /** The service that emitted the message; undefined for the beginning. */
  readonly from: string | undefined;
  readonly service: string;
  readonly heard: string | undefined;
  readonly disposition: "begun" | "done" | "refused" | "undone";
  /** The effect that was done or undone, such as `payment.authorized`. */
  readonly effect: string | undefined;
  /** As `odori trace` prints it, without the time. */
  readonly line: string;
}

export interface Recording {
  readonly steps: readonly RecordedStep[];
  readonly ledger: { readonly taken: number; readonly givenBack: number };
  /** Deliveries that came again and were ignored: one for each message. */
  readonly duplicates: number;
}

const PRICE_CENTS = 500;
const PATIENCE_MS = 60_000;
const SHOWN: readonly string[] = ["begun", "done", "refused", "undone"];

/** Runs an order whose shipping fails, with every message delivered twice, and records it. */
export async function recordOrder(): Promise<Recording> {
  const folder = mkdtempSync(join(tmpdir(), "odori-picture-"));
  const databases = files(folder);
  const shop = await Shop.open({ store: "sqlite", bus: "memory", data: folder }, databases, true);
  try {
    const order = {
      orderId: "order-1",
      amountCents: PRICE_CENTS,
      sku: "fan",
      quantity: 1,
      destination: UNREACHABLE,
    };
    await shop.run([order], AbortSignal.timeout(PATIENCE_MS), () => {});
    const trace = await settled(shop, order.orderId);
    const shown = trace.filter(({ disposition }) => SHOWN.includes(disposition));
    const lines = timeline(shown.map((step) => ({ ...step, elapsedMs: 0, duplicates: 0 })));
    const emitterOf = (id: string) => trace.find(({ emittedIds }) => emittedIds.includes(id));
    const steps = shown.map(({ service, heard, disposition, effect, eventId }, i) => ({
      from: heard === undefined ? undefined : emitterOf(eventId)?.service,
      service,
      heard,
      disposition: dispositionOf(disposition),
      effect,
      line: (lines[i] ?? "").replace(/^\+0 ms +/, ""),
    }));
    const ledger = await databases.read("payment", "SELECT kind, cents FROM ledger");
    const sum = (kind: string) =>
      ledger.filter((row) => row.kind === kind).reduce((all, row) => all + Number(row.cents), 0);
    const duplicates = trace.reduce((all, step) => all + step.duplicates, 0);
    return {
      steps,
      ledger: { taken: sum("charge"), givenBack: sum("refund") },
      duplicates,
    };
  } finally {
    await shop.stop();
    await databases.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The trace, once each message has also been delivered for the second time. */
async function settled(shop: Shop, orderId: string) {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const trace = await shop.trace(orderId);
    const all = trace.every(({ heard, duplicates }) => heard === undefined || duplicates > 0);
    if (all) return trace;
    if (performance.now() > end) throw new Error("A duplicate has not been delivered.");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function dispositionOf(text: string): RecordedStep["disposition"] {
  if (text === "begun" || text === "done" || text === "refused" || text === "undone") return text;
  throw new Error(`The picture does not show ${text}.`);
}
