import { DatabaseSync } from "node:sqlite";
import { service, start } from "odori";
import { encodeJson } from "odori/cloudevents";
import { type HttpOptions, http } from "odori/http";
import { type Sql, sqlite } from "odori/sqlite";
import { describe, expect, it } from "vitest";
import { SECRET, signedHeaders } from "../servers/http.ts";
import { authorized, placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-ports.ts";
import { temporaryFolder } from "../support/scope.ts";
import { envelope, silent } from "../support/stage.ts";

const order = service<Sql>("order", {
  setup: (tx) => tx.exec("CREATE TABLE IF NOT EXISTS paid (order_id TEXT)"),
})
  .begins(placed)
  .on(authorized, {
    handle({ data }, { tx }) {
      tx.run("INSERT INTO paid (order_id) VALUES (?)", data.orderId);
    },
  });
const payment = service<Sql>("payment", {
  setup: (tx) => tx.exec("CREATE TABLE IF NOT EXISTS charges (order_id TEXT)"),
}).on(placed, {
  emits: [authorized],
  handle({ data }, { tx }) {
    tx.run("INSERT INTO charges (order_id) VALUES (?)", data.orderId);
    return authorized(data);
  },
});

/** Two services, each with a bus of its own, that post to each other. */
class Pair implements AsyncDisposable {
  readonly #folder = temporaryFolder("http");
  readonly #stack = new AsyncDisposableStack();
  readonly orderPort: number;
  readonly paymentPort: number;
  readonly #mode: "structured" | "batch";

  private constructor(mode: "structured" | "batch", orderPort: number, paymentPort: number) {
    this.#stack.use(this.#folder);
    this.#mode = mode;
    this.orderPort = orderPort;
    this.paymentPort = paymentPort;
  }

  static async open(mode: "structured" | "batch" = "structured"): Promise<Pair> {
    return new Pair(mode, await freePort(), await freePort());
  }

  async startOrder(more: HttpOptions["subscribers"] = []) {
    const bus = http({
      subscribers: [this.#to(this.paymentPort, placed.type), ...more],
      receive: { secrets: [SECRET], listen: { port: this.orderPort } },
    });
    this.#stack.defer(() => bus.close());
    const app = await start(order, this.#on("order", bus));
    this.#stack.defer(() => app.stop());
    return app;
  }

  async startPayment() {
    const bus = http({
      subscribers: [this.#to(this.orderPort, authorized.type)],
      receive: { secrets: [SECRET], listen: { port: this.paymentPort } },
    });
    const app = await start(payment, this.#on("payment", bus));
    const stop = async () => {
      await app.stop();
      await bus.close();
    };
    this.#stack.defer(stop);
    return { app, stop };
  }

  /** The orders that are paid, or charged. */
  rows(name: "order" | "payment"): readonly string[] {
    const table = name === "order" ? "paid" : "charges";
    const database = new DatabaseSync(`${this.#folder.path}/${name}.db`, { readOnly: true });
    const rows = database.prepare(`SELECT order_id FROM ${table} ORDER BY order_id`).all();
    database.close();
    return rows.map((row) => String(row.order_id));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  #to(port: number, type: string) {
    const url = `http://127.0.0.1:${port}/`;
    return { url, hears: [type], secrets: [SECRET], mode: this.#mode };
  }

  #on(name: string, bus: ReturnType<typeof http>) {
    const store = sqlite(`${this.#folder.path}/${name}.db`);
    return { store, bus, logger: silent, pollMs: 20 };
  }
}

const data = (orderId: string) => ({ orderId });
const ids = Array.from({ length: 30 }, (_, i) => `o-${String(i).padStart(2, "0")}`);

describe("sagas over HTTP", () => {
  it.each(["structured", "batch"] as const)(
    "go from service to service, in %s mode",
    async (mode) => {
      await using pair = await Pair.open(mode);
      await pair.startPayment();
      const app = await pair.startOrder();
      await Promise.all(ids.map((id) => app.begin(id, () => placed(data(id)))));
      await eventually("all are paid", () => pair.rows("order"), ids);
      expect(pair.rows("payment")).toEqual(ids);
      await eventually("all are confirmed", async () => (await app.health()).publishing, 0);
    },
  );

  it("events wait in the outbox until the receiver is there, and while it restarts", async () => {
    await using pair = await Pair.open();
    const app = await pair.startOrder();
    const [first = "", ...others] = ids;
    await app.begin(first, () => placed(data(first)));
    const codes = async () => (await app.health()).refused.codes;
    await eventually("it is refused", codes, { ENDPOINT_AWAY: 1 });
    const one = await pair.startPayment();
    await eventually("it is paid", () => pair.rows("order"), [first]);
    const begun = others.map((id) => app.begin(id, () => placed(data(id))));
    await one.stop();
    await Promise.all(begun);
    await pair.startPayment();
    await eventually("all are paid", () => pair.rows("order"), ids);
    expect(pair.rows("payment")).toEqual(ids);
    await eventually("nothing is refused", async () => (await app.health()).refused.count, 0);
  });

  it("a subscriber that is away keeps back no other one", async () => {
    await using pair = await Pair.open();
    await pair.startPayment();
    const url = `http://127.0.0.1:${await freePort()}/`;
    const app = await pair.startOrder([{ url, hears: [placed.type] }]);
    for (const id of ids) await app.begin(id, () => placed(data(id)));
    await eventually("all are paid", () => pair.rows("order"), ids);
    const { refused, publishing } = await app.health();
    expect([refused.count, publishing]).toEqual([ids.length, 0]);
    expect(pair.rows("payment")).toEqual(ids);
  });
});

describe("a webhook", () => {
  const post = (port: number, body: string, id = "msg_1") =>
    fetch(`http://127.0.0.1:${port}/`, {
      method: "POST",
      headers: { "content-type": "application/cloudevents+json", ...signedHeaders(body, { id }) },
      body,
    });

  it("begins a saga once, however often it comes", async () => {
    await using pair = await Pair.open();
    const { app } = await pair.startPayment();
    const body = encodeJson(envelope(placed, "web-1", data("web-1"), { source: "/shop" }));
    const replies = await Promise.all([1, 2, 3].map((n) => post(pair.paymentPort, body, `m${n}`)));
    expect(replies.map(({ status }) => status)).toEqual([204, 204, 204]);
    // The reply came after the commit.
    expect(pair.rows("payment")).toEqual(["web-1"]);
    expect(await app.inspect.journal("web-1")).toHaveLength(1);
  });

  it("that cannot be read is parked once, as it came", async () => {
    await using pair = await Pair.open();
    const { app } = await pair.startPayment();
    for (const body of ["{", '{"specversion":"1.0"}', "{"])
      expect((await post(pair.paymentPort, body)).status).toBe(202);
    const parked = await app.inspect.deferred(["parked"], 10);
    expect(parked.map(({ body }) => body.text).sort()).toEqual(["{", '{"specversion":"1.0"}']);
  });
});
