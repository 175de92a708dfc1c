import { service } from "odori";
import { describe, expect, it } from "vitest";
import { placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { memoryKit } from "../support/kits.ts";
import { envelope, Stage } from "../support/stage.ts";

const data = { orderId: "o" };

describe("what a service says of its deliveries", () => {
  it("a delivery's log lines name service, reaction, saga, event and attempt", async () => {
    const lines: unknown[] = [];
    const kit = memoryKit();
    const payment = service<unknown>("payment").on(placed, {
      handle(_event, { log, attempt }) {
        log.info("charging");
        if (attempt === 1) throw new Error("not now");
      },
    });
    const note = (message: string, fields: object = {}) => lines.push({ message, ...fields });
    const logger = { debug() {}, info: note, warn: note, error: note };
    await using stage = await Stage.open(kit, payment, { logger });
    await stage.hear(envelope(placed, "s", data, { id: "e", correlationId: "c" }));
    await eventually("it is tried again", () => lines.length, 3);
    const fields = {
      service: "payment",
      reaction: "order.placed",
      sagaId: "s",
      correlationId: "c",
      eventId: "e",
    };
    expect(lines).toMatchObject([
      { message: "charging", ...fields, attempt: 1 },
      {
        message: "a delivery failed, and is tried again",
        ...fields,
        attempt: 1,
        code: "HANDLER_FAILED",
      },
      { message: "charging", ...fields, attempt: 2 },
    ]);
  });

  it("parking is said at error, with seq; a retry at warn, with its time", async () => {
    const lines: { readonly level: string; readonly fields: Readonly<Record<string, unknown>> }[] =
      [];
    const note =
      (level: string) =>
      (_message: string, fields: object = {}) =>
        lines.push({ level, fields: { ...fields } });
    const logger = { debug() {}, info() {}, warn: note("warn"), error: note("error") };
    const payment = service<unknown>("payment").on(placed, {
      handle() {
        throw new Error("the gateway is away");
      },
    });
    const retry = { attempts: 2, firstMs: 1, longestMs: 1 };
    await using stage = await Stage.open(memoryKit(), payment, { logger, retry });
    await stage.hear(envelope(placed, "s", data, { id: "e" }));
    await eventually("it is parked", () => lines.length, 2);
    const [parked] = await stage.app.inspect.deferred(["parked"], 1);
    const fields = { sagaId: "s", seq: parked?.seq, code: "HANDLER_FAILED" };
    expect(lines).toMatchObject([
      { level: "warn", fields: { ...fields, attempt: 1, nextAttemptAt: expect.any(String) } },
      { level: "error", fields: { ...fields, attempt: 2, problem: "the gateway is away" } },
    ]);
    const { hint } = lines.at(-1)?.fields ?? {};
    expect(hint).toContain(`odori parked retry payment/${parked?.seq}`);
    await stage.hear(envelope(placed, "t", data, { id: "f" }));
    const [row] = await stage.app.inspect.journal("s");
    expect(row).toMatchObject({ disposition: "parked", attempt: 2 });
  });

  it("the journal says how long the handler ran, and in which attempt", async () => {
    const payment = service<unknown>("payment").on(placed, { handle() {} });
    await using stage = await Stage.open(memoryKit(), payment);
    await stage.hear(envelope(placed, "s", data));
    const [row] = await stage.app.inspect.journal("s");
    expect(row).toMatchObject({ disposition: "done", attempt: 1, durationMs: expect.any(Number) });
  });
});
