import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { Command } from "commander";
import type { Permission } from "../../console/wire.ts";
import { OdoriError } from "../../contract/errors.ts";
import { stopOnSignals } from "../../web/signals.ts";
import { namedManifest } from "../choreography-option.ts";
import { CONSOLE_PORT, portIn } from "../console-port.ts";
import { jsonOption } from "../data.ts";
import { giveWay } from "../give-way.ts";
import { print, printJson } from "../output.ts";
import {
  openSources,
  type SourceFlags,
  shownSources,
  sourceFlags,
  sourcePlacesOf,
} from "../sources.ts";

interface Flags extends SourceFlags {
  readonly port: number;
  readonly listen: string;
  readonly token?: string;
  readonly host: readonly string[];
  readonly allow: readonly Permission[];
  readonly projection: string;
  readonly open: boolean;
  readonly json: boolean;
}

const PERMISSIONS: readonly Permission[] = ["retry", "discard", "payloads"];

/** Creates `odori console`: the page that shows all sagas. */
export function consoleCommand(): Command {
  return sourceFlags(
    new Command("console")
      .summary("show all sagas on a page in the browser")
      .description(
        "Serve a page that shows the choreography, its sagas, and what is parked. It reads the " +
          "databases of the services, and changes nothing without --allow.",
      )
      .argument(
        "[module]",
        "choreography that says how sagas end: a module or a manifest " +
          "(default: the configuration's)",
      ),
  )
    .option("--port <n>", "port; 0 for any that is free", portIn, CONSOLE_PORT)
    .option("--listen <host>", "address to listen on; any but this machine's needs a token", LOCAL)
    .option("--token <token>", "what opens the page (default: $ODORI_TOKEN; if needed, a new one)")
    .option("--host <name...>", "further names under which the page may be asked", [])
    .option("--allow <list>", "what it may do: retry, discard, payloads", permissionsIn, [])
    .option(
      "--projection <file>",
      "keep what was read in a file, and go on there the next time; it may be deleted",
      ":memory:",
    )
    .option("--open", "open the page in the browser", false)
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  odori console src/choreography.ts --data .odori/order
  odori console src/choreography.ts --postgres postgres://observer@localhost/shop --port 0
  odori console src/choreography.ts --allow retry,discard --open
  ODORI_SOURCE_TOKEN=… odori console --http https://payment.example/odori/source
  ODORI_TOKEN=… odori console --listen 0.0.0.0 --host console.shop.example

--allow retry and discard act on parked deliveries, and retry publishes an event again that a
service never got; payloads shows what deliveries carry, with the fields masked that are declared
sensitive.
Every action is recorded in the projection: --projection keeps the record.

Without a module no saga is called stuck, succeeded or undone: no end is known. The role of
--postgres need only read; readingGrants of odori/postgres prints its statements. For --allow retry
and discard it must write.

Beside the page: /api/v1 (JSON), /metrics (Prometheus) and /healthz. With a token they need
"authorization: Bearer <token>", but for /healthz.

Ctrl-C stops it. Exit status: 0 it was stopped, 2 the command could not run.`,
    )
    .action(run);
}

const LOCAL = "127.0.0.1";
const LOCAL_NAMES: readonly string[] = [LOCAL, "localhost", "::1"];

async function run(module: string | undefined, flags: Flags): Promise<void> {
  const { listen: host, port, allow, projection } = flags;
  const isLocal = LOCAL_NAMES.includes(host);
  const given = flags.token ?? process.env.ODORI_TOKEN;
  // What others of the network can reach is never without a token.
  const token = given ?? (isLocal ? undefined : randomBytes(32).toString("base64url"));
  const { config } = flags;
  const places = await sourcePlacesOf(flags);
  const choreography = await namedManifest({
    source: module === undefined ? [] : [module],
    ...(config !== undefined && { config }),
  });
  const [{ LOOPBACK, openConsole }, { serveConsole }] = await Promise.all([
    import("../../console/console.ts"),
    import("../console-server.ts"),
  ]);
  const sources = await openSources(places);
  const console = openConsole({
    ...{ sources, allow, token, projection },
    ...(choreography && { choreography }),
    hosts: [...LOOPBACK, ...(isLocal ? [] : [nameIn(host)]), ...flags.host],
  });
  try {
    const server = await serveConsole(console, host, port);
    // Before the address is printed: who reads it may stop the command at once.
    const stopped = untilStopped();
    try {
      const name = isLocal || host === "0.0.0.0" || host === "::" ? LOCAL : nameIn(host);
      const url = `http://${name}:${server.port}/${token === undefined ? "" : `#token=${token}`}`;
      const may = allow.length === 0 ? "reads only" : `allows ${allow.join(", ")}`;
      if (flags.json) printJson({ url, port: server.port, allow });
      else print(`${url}\n${shownSources(places)}; ${may}. Ctrl-C stops it.`);
      if (flags.open) openBrowser(url);
      // Now: a browser would take it over.
      giveWay();
      await stopped;
    } finally {
      await server.close();
    }
  } finally {
    await console.close();
  }
}

/** Resolves at the first signal; a second one ends the process at once. */
function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    stopOnSignals(async () => resolve());
  });
}

/** An IPv6 address as it stands in a URL. */
function nameIn(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ["open"],
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};

/** Without a browser the printed address is all there is. */
function openBrowser(url: string): void {
  const [program, ...before] = OPENERS[process.platform] ?? ["xdg-open"];
  const child = spawn(program, [...before, url], { detached: true, stdio: "ignore" });
  once(child, "spawn").then(
    () => child.unref(),
    () => {},
  );
}

function permissionsIn(text: string): readonly Permission[] {
  return text.split(",").map((one) => {
    const permission = PERMISSIONS.find((known) => known === one.trim());
    if (permission !== undefined) return permission;
    throw new OdoriError("USAGE", `--allow takes ${PERMISSIONS.join(", ")}.`, {
      hint: "Write --allow retry,discard.",
    });
  });
}
