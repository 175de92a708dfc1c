import { describe, expect, it } from "vitest";
import type { MapReply, SagaReply, SagasReply } from "../../src/console/wire.ts";
import { type Orders, ShopStage } from "../page/stage.ts";
import { eventually } from "../support/eventually.ts";

const ORDERS: Orders = {
  "o-1": "fine",
  "o-2": "jammed",
  "o-3": "jammed",
  "o-4": "poor",
  "o-5": "jammed",
};

/** A shop in which two orders were discarded at stock, one rests at payment, and one is parked. */
async function rested() {
  const stage = await ShopStage.open(ORDERS, { deaf: true });
  for (const id of ["o-2", "o-3"]) await stage.discard(id);
  const { origin, hash } = new URL(stage.url());
  const headers = { authorization: `Bearer ${hash.replace("#token=", "")}` };
  const ask = async (path: string) => {
    const reply = await fetch(`${origin}/api/v1/${path}`, { headers });
    return JSON.parse(await reply.text());
  };
  const sagas = (query: string): Promise<SagasReply> => ask(`sagas?${query}`);
  await eventually("all is read", async () => (await sagas("")).totals, {
    ...{ succeeded: 1, stuck: 3, parked: 1 },
  });
  const map = (query: string): Promise<MapReply> => ask(`map?${query}`);
  const saga = (id: string): Promise<SagaReply> => ask(`sagas/${id}`);
  return Object.assign(stage, { map, saga, sagas });
}

describe("the console's API tells of a saga that is stuck", () => {
  it("at which edge and which box of the map it rests", async () => {
    await using stage = await rested();
    await eventually(
      "the edges have it",
      async () => {
        const { edges } = await stage.map("");
        return Object.fromEntries(edges.map(({ id, live }) => [id, live?.open]));
      },
      {
        ...{ "order~payment~success": { stuck: 1 } },
        ...{ "payment~stock~success": { parked: 1, stuck: 2 } },
      },
    );
    const { nodes } = await stage.map("listeners=1");
    const waiting = Object.fromEntries(nodes.map(({ id, live }) => [id, live?.waiting]));
    // Mail has heard of each order as well, and no order goes on with it.
    expect(waiting).toEqual({
      ...{ order: {}, mail: {}, payment: { stuck: 1 }, stock: { parked: 1, stuck: 2 } },
    });
    const reactions = (await stage.map("level=reactions&service=stock")).nodes;
    expect(reactions.find(({ kind }) => kind === "step")?.live?.waiting).toEqual({
      ...{ parked: 1, stuck: 2 },
    });
  });

  it("in the list, by service, with what has become of it there", async () => {
    await using stage = await rested();
    const { sagas } = await stage.sagas("at=stock&verdict=stuck");
    expect(sagas.map(({ id }) => id)).toEqual(["o-3", "o-2"]);
    expect(sagas[0]).toMatchObject({
      ...{ verdict: "stuck", open: 0 },
      rests: { service: "stock", reaction: "payment.charged", disposition: "discarded" },
    });
    expect(sagas[0]?.waitsFor).toBeUndefined();
    const [other, ...more] = (await stage.sagas("at=payment")).sagas;
    expect([other?.id, other?.rests?.disposition, more]).toEqual(["o-4", "refused", []]);
    const at = async (query: string) => (await stage.sagas(query)).sagas.map(({ id }) => id);
    expect(await at("event=payment.charged.v2,order.placed")).toEqual(["o-5", "o-4", "o-3", "o-2"]);
    expect(await at("event=payment.charged&at=stock&verdict=stuck")).toEqual(["o-3", "o-2"]);
    expect(await at("event=order.placed&at=stock")).toEqual([]);
    const many = Array.from({ length: 33 }, (_, n) => `a.b${n}`).join(",");
    for (const refused of [many, "order.placed,", ","])
      expect(await stage.sagas(`event=${refused}`)).toMatchObject({
        error: { code: "QUERY_INVALID" },
      });
    const [waiting] = (await stage.sagas("verdict=parked")).sagas;
    expect([waiting?.rests, waiting?.waitsFor?.state]).toEqual([undefined, "parked"]);
  });

  it("and on its own page, with what it emitted there", async () => {
    await using stage = await rested();
    const { saga, why } = await stage.saga("o-4");
    expect([saga.open, why]).toEqual([0, []]);
    expect(saga.rests).toMatchObject({
      ...{ service: "payment", reaction: "order.placed", type: "order.placed.v1" },
      ...{ disposition: "refused", emitted: ["payment.declined.v1"] },
    });
    expect((await stage.saga("o-1")).saga.rests).toBeUndefined();
  });
});
