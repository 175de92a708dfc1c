import { spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ran } from "../console/stage.ts";
import { eventually } from "../support/eventually.ts";
import { installPacked, ownNode, type Packed } from "../support/packed.ts";
import { temporaryFolder } from "../support/scope.ts";

const PATIENCE_MS = 240_000;
let packed: Packed;
beforeAll(() => {
  packed = installPacked();
}, PATIENCE_MS);
afterAll(() => packed?.remove(), PATIENCE_MS);

describe("the console of the packed package", () => {
  it("carries its page, and the threads of what takes long", {
    timeout: PATIENCE_MS,
  }, async () => {
    using data = temporaryFolder("page-data");
    await ran(join(data.path, "payment.db"), ["done"]);
    const program = join(packed.project, "node_modules", ".bin", "odori");
    const child = spawn(program, ["console", "--data", data.path, "--port", "0", "--json"], {
      cwd: packed.project,
      env: ownNode(),
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk;
    });
    try {
      const { url }: { readonly url: string } = await eventually(
        "it has printed its address",
        () => JSON.parse(said),
        ({ url }) => typeof url === "string",
        PATIENCE_MS / 2,
      );
      const page = await (await fetch(url)).text();
      const files = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? "");
      expect(files.sort()).toEqual(["icon.svg", "page.css", "page.js"]);
      for (const file of files)
        expect([file, (await fetch(new URL(file, url))).status]).toEqual([file, 200]);
      const saga = await (await fetch(new URL("api/v1/sagas/s-0", url))).json();
      expect(saga).toMatchObject({ outlook: { ahead: { complete: true } } });
      const map = await (await fetch(new URL("api/v1/map", url))).json();
      expect(map).toMatchObject({ nodes: [{ id: "payment" }] });
    } finally {
      child.kill("SIGKILL");
    }
  });
});
