import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("closing a bus on a connection that the server has half closed throws nothing", () => {
  const program = fileURLToPath(new URL("../servers/nats-closing.ts", import.meta.url));
  const flags = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];
  const ran = spawnSync(process.execPath, [...flags, program], { encoding: "utf8" });
  expect(ran).toMatchObject({ status: 0, stdout: "30 rounds, 0 thrown\n", stderr: "" });
});
