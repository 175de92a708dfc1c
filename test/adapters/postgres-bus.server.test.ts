import type { EventEnvelope, Incoming } from "odori";
import { postgresBus } from "odori/postgres";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { newSchema } from "../servers/postgres.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { envelope } from "../support/stage.ts";

describe.skipIf(urlOf("postgres") === undefined)(titleOf("postgres", "Postgres bus"), () => {
  it("nul-character: an event with U+0000 arrives, and so do its neighbours", async () => {
    const connectionString = serverUrl("postgres");
    const schema = newSchema();
    const bus = postgresBus({ connectionString, schema });
    const own = new pg.Pool({ connectionString, max: 1 });
    await using closing = new AsyncDisposableStack();
    closing.defer(() => own.end());
    closing.defer(async () => void (await own.query(`DROP SCHEMA ${schema} CASCADE`)));
    closing.defer(() => bus.close());
    const seen: Incoming[] = [];
    await bus.subscribe(
      { group: "payment", topics: [placed.type], inFlightMax: 10 },
      async (incoming) => void seen.push(incoming),
    );
    const notes = ["good", "a\u0000b", "\ud800", "also good"];
    const events: readonly EventEnvelope[] = notes.map((note, i) =>
      envelope(placed, `s${i}`, { orderId: note }),
    );
    const results = await bus.publish(events);
    expect(results.map(({ accepted }) => accepted)).toEqual([true, true, true, true]);
    await eventually("all have arrived", () => seen.length, 4);
    const arrived = seen.map((one) =>
      "malformed" in one ? [one.head?.sagaId, one.error.code] : [one.sagaId, one.data],
    );
    expect(arrived.sort()).toEqual([
      ["s0", { orderId: "good" }],
      ["s1", "PAYLOAD_REFUSED"],
      ["s2", "PAYLOAD_REFUSED"],
      ["s3", { orderId: "also good" }],
    ]);
  });
});
