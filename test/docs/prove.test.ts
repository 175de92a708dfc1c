import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import order from "../../examples/order/choreography.ts";
import { flowOf, toSvg } from "../../src/draw/index.ts";
import { manifestOf, writeManifest } from "../../src/manifest/index.ts";
import { odori, ROOT } from "../support/command.ts";
import { temporaryFolder } from "../support/scope.ts";

const PAGE = readFileSync(join(ROOT, "docs", "how-to", "prove.md"), "utf8");

it("the proof and the counterexample of the page are what the command prints", async () => {
  const blocks = [...PAGE.matchAll(/```\n(order: 4 services[\s\S]*?)```/g)].map(
    ([, block]) => block,
  );
  const withoutTimes = (text: string) => text.replace(/, [\d.]+ ms\)/, ")");
  const proved = await odori(["check", join(ROOT, "examples", "order", "choreography.ts")]);
  const manifest = manifestOf(order);
  const payment = manifest.services.get("payment");
  if (payment === undefined) throw new Error("the order saga has a payment service");
  const reactions = payment.reactions.map((reaction) => ({
    ...reaction,
    hears: reaction.hears.filter((type) => type !== "inventory.reservation_failed.v1"),
  }));
  using folder = temporaryFolder("prove");
  const file = join(folder.path, "order.json");
  writeFileSync(
    file,
    writeManifest({
      ...manifest,
      services: new Map([...manifest.services, ["payment", { ...payment, reactions }]]),
    }),
  );
  const refuted = await odori(["check", file]);
  expect([proved, refuted].map(({ out }) => withoutTimes(out))).toEqual(blocks);
});

it("the picture of the page shows the order saga as it is", async () => {
  const titles = (svg: string) =>
    [...svg.matchAll(/<(?:title|text)[^>]*>([^<]*)</g)].map(([, text]) => text).sort();
  const shown = readFileSync(join(ROOT, "docs", "order.svg"), "utf8");
  const { services, ...manifest } = manifestOf(order);
  const sorted = new Map([...services].sort(([a], [b]) => (a < b ? -1 : 1)));
  expect(titles(shown)).toEqual(titles(await toSvg(flowOf({ ...manifest, services: sorted }))));
});
