import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { lintPage } from "../../scripts/reference/lint-page.ts";
import { toEventList } from "../../src/manifest/event-list.ts";
import { parseJsonOrYaml } from "../../src/manifest/text.ts";
import { ROOT } from "../support/command.ts";

const committed = readFileSync(join(ROOT, "docs", "reference", "lint.md"), "utf8");

it("the reference of the lint rules is what the rules say; `npm run docs` renews it", () => {
  expect(committed).toBe(lintPage());
});

it("the list that the page shows can be read", () => {
  const [, text = ""] = /```yaml\n([\s\S]*?)```/.exec(committed) ?? [];
  const { value, place } = parseJsonOrYaml("list.yaml", text);
  const { events, services } = toEventList(value, "list.yaml", place);
  expect([...events.keys()]).toEqual(["order.placed.v1", "payment.authorized.v1"]);
  expect(services.get("payment")?.begins).toEqual(["payment.authorized.v1"]);
});
