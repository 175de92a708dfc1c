import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { freePorts } from "./free-ports.ts";

const MODULE = new URL("free-ports.ts", import.meta.url).href;

describe("free ports", () => {
  it("are given once, in any number of processes that run at the same time", {
    timeout: 120_000,
  }, async () => {
    // A fifth of all ports: chosen without a reservation, some would be given twice.
    const others = Array.from({ length: 4 }, () => {
      const program = `import { freePorts } from ${JSON.stringify(MODULE)};
        process.stdout.write(JSON.stringify(await freePorts(500)), () => process.stdout.end());
        process.stdin.once("data", () => process.exit(0));`;
      return spawn(process.execPath, ["--input-type=module-typescript", "-e", program], {
        stdio: ["pipe", "pipe", "inherit"],
      });
    });
    const own = [...(await freePorts(250)), ...(await freePorts(250))];
    const theirs = await Promise.all(others.map(({ stdout }) => text(stdout)));
    for (const other of others) {
      const ended = once(other, "exit");
      other.stdin.write("end");
      await ended;
    }
    const all = [...own, ...theirs.flatMap((ports): number[] => JSON.parse(ports))];
    expect(all).toHaveLength(2_500);
    expect(new Set(all).size).toBe(all.length);
  });
});
