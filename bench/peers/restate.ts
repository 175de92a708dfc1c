import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import * as restate from "@restatedev/restate-sdk";
import * as clients from "@restatedev/restate-sdk-clients";
import type { Contestant } from "../harness/contestant.ts";
import { createRows, rowsOf, soldOf, writeAlone } from "./rows.ts";

/**
 * After https://docs.restate.dev/develop/ts/journaling-results: a handler with four `ctx.run`
 * steps, on a server of its own.
 */
export const contestant: Contestant = {
  durability:
    "Restate 1.7: its own log on disk, defaults; rows in Postgres, fsync=on; " +
    "a step's row and its journal entry are two writes",
  async open({ servers, folder, finished, stock }) {
    const pool = await createRows(servers.postgres, stock);
    const saga = restate.service({
      name: "saga",
      handlers: {
        async run(ctx: restate.Context, orderId: string) {
          for (const name of ["orders", "payment", "inventory", "shipping"] as const) {
            await ctx.run(name, () => writeAlone(pool, name, orderId, stock));
          }
          finished(orderId);
        },
      },
    });
    const [ingress, admin, node, endpoint] = await freePorts(4);
    await restate.serve({ services: [saga], port: endpoint ?? 0 });
    const server = startServer(folder, ingress ?? 0, admin ?? 0, node ?? 0);
    await untilItAnswers(`http://127.0.0.1:${admin}/health`);
    const registered = await fetch(`http://127.0.0.1:${admin}/deployments`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ uri: `http://127.0.0.1:${endpoint}` }),
    });
    if (!registered.ok) throw new Error(`Restate refuses the service: ${await registered.text()}`);
    const client = clients
      .connect({ url: `http://127.0.0.1:${ingress}` })
      .serviceSendClient<typeof saga>({ name: "saga" });
    return {
      begin: (orderId) => client.run(orderId),
      rows: () => rowsOf(pool),
      sales: () => soldOf(pool),
      async close() {
        server.kill("SIGKILL");
        await pool.end();
      },
    };
  },
};

/**
 * The binary that comes with the package; started without the wrapper, which would stay between it
 * and our signal.
 */
function startServer(folder: string, ingress: number, admin: number, node: number): ChildProcess {
  const wrapper = createRequire(import.meta.url).resolve("@restatedev/restate-server/package.json");
  const platform = `${process.platform}-${process.arch}`;
  const program = join(
    dirname(wrapper),
    "..",
    `restate-server-${platform}`,
    "bin",
    "restate-server",
  );
  const child = spawn(program, ["--base-dir", folder, "--node-name", "bench"], {
    stdio: "ignore",
    env: {
      ...process.env,
      RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
      RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${node}`,
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
      RESTATE_DISABLE_TELEMETRY: "true",
    },
  });
  process.once("exit", () => child.kill("SIGKILL"));
  return child;
}

async function untilItAnswers(url: string): Promise<void> {
  const until = performance.now() + 60_000;
  for (;;) {
    const ready = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return;
    if (performance.now() > until) throw new Error("Restate does not start");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function freePorts(count: number): Promise<readonly number[]> {
  const listeners = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    listeners.map(
      (listener) =>
        new Promise<number>((resolve) => {
          listener.listen(0, "127.0.0.1", () => {
            const address = listener.address();
            resolve(typeof address === "object" && address !== null ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(listeners.map((listener) => new Promise((resolve) => listener.close(resolve))));
  return ports;
}
