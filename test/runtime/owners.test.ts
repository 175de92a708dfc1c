import { ownersOf, readManifest } from "odori/manifest";
import { describe, expect, it } from "vitest";
import { kits } from "../support/kits.ts";
import { ownerCases } from "./owners.ts";

for (const kind of kits) ownerCases(kind);

describe("ownersOf", () => {
  it("names the services that may emit an event, in any version", () => {
    const manifest = readManifest(
      JSON.stringify({
        odori: 1,
        name: "x",
        begins: ["order.placed.v2"],
        arrives: ["gateway.confirmed.v1"],
        services: {
          order: {
            begins: ["order.placed.v2"],
            alsoEmits: { "order.placed.v2": ["order.placed.v1"] },
          },
          shop: { begins: ["order.placed.v2"] },
          payment: {
            reactions: [{ on: ["order.placed.v2"], emits: [["payment.authorized.v1"]] }],
          },
          gateway: { reactions: [{ on: ["order.placed.v2"], emits: [["gateway.confirmed.v1"]] }] },
        },
      }),
    );
    expect([...ownersOf(manifest)]).toEqual(
      [
        ["payment.authorized", ["/payment"]],
        ["order.placed", ["/order", "/shop"]],
      ].sort(),
    );
  });
});
