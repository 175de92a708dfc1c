import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { nats } from "odori/nats";
import { expect, it } from "vitest";

/* The cases fake-nats, nats-guard and nats-crash-odori. */
it("nats-guard: closing a bus on a half closed connection throws nothing", () => {
  const program = fileURLToPath(new URL("../servers/nats-closing.ts", import.meta.url));
  const flags = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];
  const ran = spawnSync(process.execPath, [...flags, program], { encoding: "utf8" });
  expect(ran).toMatchObject({ status: 0, stdout: "30 rounds, 0 thrown\n", stderr: "" });
});

it("nats-auth: a password in the URL is refused, and not shown", () => {
  for (const servers of ["nats://order:s3cret@localhost:4222", ["a:1", "order:s3cret@b:2"]]) {
    const make = () => nats({ servers });
    expect(make).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
    expect(make).not.toThrow(/s3cret/);
  }
});
