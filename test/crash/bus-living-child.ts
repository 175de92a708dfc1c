/** A member of the Postgres bus, which the test stalls or kills with deliveries in hand. */
import { existsSync } from "node:fs";
import { postgresBus } from "odori/postgres";
import type { MemberOrder, MemberReport } from "./bus-living.ts";

const [connectionString = "", schema = "", group = "", ...topics] = process.argv.slice(2);
const PAUSE_MS = 20;

const say = (report: MemberReport) => void process.send?.(report);
const { promise: ended, resolve: end } = Promise.withResolvers<void>();

await postgresBus({ connectionString, schema }).subscribe(
  { group, topics, inFlightMax: 100 },
  async (incoming) => {
    say({ delivered: "malformed" in incoming ? incoming.error.code : incoming.id });
    await ended;
  },
);
process.on("message", ({ stall, end: ends }: MemberOrder) => {
  if (stall !== undefined) stallUntil(stall);
  if (ends === true) end();
});
process.once("disconnect", () => process.exit());
say({ ready: true });

/** Keeps the event loop from turning until a file exists. */
function stallUntil(file: string): void {
  say({ stalls: true });
  const cell = new Int32Array(new SharedArrayBuffer(4));
  while (!existsSync(file)) Atomics.wait(cell, 0, 0, PAUSE_MS);
}
