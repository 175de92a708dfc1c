import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { odori, ROOT } from "../support/command.ts";
import { temporaryFolder } from "../support/scope.ts";

function shop(version: string, ...hears: readonly string[]) {
  const authorized = `payment.authorized.${version}`;
  return {
    odori: 1,
    name: "shop",
    begins: ["order.placed.v1"],
    succeeds: ["stock.reserved.v1"],
    fails: ["order.cancelled.v1"],
    services: {
      order: {
        begins: ["order.placed.v1"],
        reactions: [
          {
            on: ["payment.refunded.v1"],
            undoes: "order.placed.v1",
            emits: ["order.cancelled.v1"],
          },
        ],
      },
      payment: {
        reactions: [
          { on: ["order.placed.v1"], emits: [authorized] },
          { on: ["stock.sold_out.v1"], undoes: authorized, emits: ["payment.refunded.v1"] },
        ],
      },
      stock: {
        reactions: [{ on: hears, emits: ["stock.reserved.v1"], fails: ["stock.sold_out.v1"] }],
      },
    },
  };
}

function files() {
  const folder = temporaryFolder("rolling");
  const write = (name: string, content: unknown) => {
    const path = join(folder.path, name);
    writeFileSync(path, JSON.stringify(content));
    return path;
  };
  const [v1, v2] = ["payment.authorized.v1", "payment.authorized.v2"] as const;
  return {
    old: write("old.json", shop("v1", v1)),
    now: write("new.json", shop("v2", v1, v2)),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

it("a deployment that breaks sagas in flight is refused, with an order that is safe", async () => {
  using made = files();
  const args = ["check", made.now, "--from", made.old, "--rolling", "payment,stock"];
  const { status, out } = await odori(args);
  expect(status).toBe(1);
  expect(out).toContain("✗ STUCK");
  expect(out).toContain("payment(NEW)");
  expect(out).toMatch(/payment\(old\)[\s\S]*● stops/);
  expect(out).toContain("Safe order: stock, then payment");
  const json = await odori([...args, "--json"]);
  expect(json.status).toBe(1);
  expect(JSON.parse(json.out)).toMatchObject({
    ok: false,
    changed: ["payment", "stock"],
    steps: [{ service: "payment", safe: false, exhaustive: true }],
    findings: [{ code: "STUCK", severity: "error" }],
    order: { safe: ["stock", "payment"] },
  });
});

it("an order is searched where none is named, and a rollback is explored", async () => {
  using made = files();
  const found = await odori(["check", made.now, "--from", made.old, "--rolling", "--rollback"]);
  expect(found).toMatchObject({ status: 0, err: "" });
  expect(found.out).toContain("✓ stock");
  expect(found.out).toContain("old, both, new, and back");
});

it("modules are read on either side", async () => {
  using folder = temporaryFolder("rolling");
  const order = join(ROOT, "examples", "order", "choreography.ts");
  const written = await odori(["manifest", order]);
  const old = join(folder.path, "old.json");
  writeFileSync(old, written.out);
  for (const [now, from] of [
    [order, old],
    [old, order],
  ] as const) {
    const args = ["check", now, "--from", from, "--rolling", "payment", "--rollback"];
    const { status, out } = await odori(args);
    expect(status).toBe(0);
    expect(out).toContain("✓ payment");
  }
});

it("says what is missing, and what is not explored", async () => {
  using made = files();
  const without = await odori(["check", made.now, "--rolling", "payment"]);
  expect(without.status).toBe(2);
  expect(without.err).toContain("--from");
  const unknown = await odori(["check", made.now, "--from", made.old, "--rolling", "mail"]);
  expect(unknown.status).toBe(2);
  expect(unknown.err).toContain("order, payment, stock");
  const parked = await odori(["check", made.now, "--from", made.old, "--may-park"]);
  expect([parked.status, parked.err.split(":")[0]]).toEqual([2, "USAGE"]);
  const args = ["check", made.now, "--from", made.old, "--rolling", "stock", "--states", "2"];
  const spent = await odori(args);
  expect(spent.status).toBe(3);
  expect(spent.out).toContain("not proved");
});
