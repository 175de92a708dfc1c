import { expect, it } from "vitest";
import { deferredVerdicts } from "../../src/adapter/deferred-diagnosis.ts";

it("every store says the same of what was put off, and where to see what is parked", () => {
  const said = (deferred: number, parked: number) =>
    deferredVerdicts(deferred, parked).map(({ level, message }) => `${level}: ${message}`);
  expect(said(0, 0)).toEqual(["ok: 0 deliveries are deferred", "ok: 0 deliveries are parked"]);
  expect(said(1, 1)).toEqual([
    "ok: 1 delivery is deferred",
    "warning: 1 delivery is parked: see `odori parked list`",
  ]);
});
