import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { nats } from "odori/nats";
import { expect, it } from "vitest";
import { closing } from "../support/scope.ts";

/* The cases fake-nats, nats-guard and nats-crash-odori. */
it("nats-guard: closing a bus on a half closed connection throws nothing", () => {
  const program = fileURLToPath(new URL("../servers/nats-closing.ts", import.meta.url));
  const flags = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];
  const ran = spawnSync(process.execPath, [...flags, program], { encoding: "utf8" });
  expect(ran).toMatchObject({ status: 0, stdout: "30 rounds, 0 thrown\n", stderr: "" });
});

it("nats-auth: a password in the URL is not shown", async () => {
  for (const servers of ["nats://order:s3cret@127.0.0.1:9", ["127.0.0.1:9", "o:s3cret@[::1]:9"]]) {
    await using bus = closing(nats({ servers }));
    const error = await bus.publish([]).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "BUS_UNAVAILABLE" });
    expect(inspect(error, { depth: 9 })).not.toContain("s3cret");
  }
});
