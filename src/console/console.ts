import type { IncomingMessage, ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { type Choreography, isChoreography } from "../choreography/choreography.ts";
import { OdoriError } from "../contract/errors.ts";
import { manifestOf } from "../manifest/from-code.ts";
import type { Manifest } from "../manifest/manifest.ts";
import type { JournalSource } from "../ports/source.ts";
import { api } from "./api.ts";
import { assetsIn } from "./assets.ts";
import { Desk, type KeptPayloads } from "./desk.ts";
import type { DevDesk } from "./dev.ts";
import { Guard } from "./guard.ts";
import type { Permission } from "./wire.ts";

/** Options of `odoriConsole`. */
export interface ConsoleOptions {
  /** What is read: `sqliteSource(file)`, `postgresSource(options)`. Closed with the console. */
  readonly sources: readonly JournalSource[];
  /**
   * The choreography, which says how sagas end. Without it no saga is stuck, succeeded or undone.
   * @default what the services have declared in their stores
   */
  readonly choreography?: Choreography | Manifest;
  /**
   * What the console may do besides reading.
   * @default []
   */
  readonly allow?: readonly Permission[];
  /**
   * What opens the console: 16 characters or more. The page takes it out of the fragment of its
   * address, `#token=<token>`; programs send `authorization: Bearer <token>`.
   */
  readonly token: string;
  /**
   * The path before those of the console, such as `/odori`.
   * @default ""
   */
  readonly base?: string;
  /**
   * Names of hosts under which the console may be asked, without ports.
   * @default localhost, 127.0.0.1 and [::1]
   */
  readonly hosts?: readonly string[];
  /**
   * SQLite file of the projection, which is built again if it is deleted.
   * @default in memory
   */
  readonly projection?: string;
}

/** A console that follows its sources until it is closed. */
export interface OdoriConsole {
  /** Replies to a request, for anything that speaks the Fetch API. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** Replies to a request of `node:http`, Express, Fastify or Nest. Its body is not read yet. */
  readonly node: (incoming: IncomingMessage, outgoing: ServerResponse) => void;
  /** Stops following, ends its streams and jobs, and closes the sources. */
  close(): Promise<void>;
}

/** Names of this machine, as browsers write them. */
export const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"] as const;

/**
 * Makes a console: the page, its API, `/metrics` and `/healthz`. It begins to follow the sources at
 * once. It only reads, but for what `allow` names. Throws `OPTION_INVALID`.
 *
 * @example
 * ```ts
 * import { odoriConsole } from "odori/console";
 * import { sqliteSource } from "odori/sqlite";
 * import order from "./choreography.ts";
 *
 * const console = odoriConsole({
 *   sources: [sqliteSource("order.db"), sqliteSource("payment.db")],
 *   choreography: order,
 *   token: process.env.ODORI_TOKEN ?? "",
 *   base: "/odori",
 * });
 * const { status } = await console.fetch(new Request("http://localhost/odori/healthz"));
 * ```
 */
export function odoriConsole({ token, ...options }: ConsoleOptions): OdoriConsole {
  return openConsole({ ...options, token });
}

/** What only commands open: a console without a token, or one beside services to play with. */
interface OpenOptions extends Omit<ConsoleOptions, "token"> {
  /** Undefined: every program that reaches it may read it. */
  readonly token: string | undefined;
  readonly dev?: DevDesk;
  readonly kept?: KeptPayloads | undefined;
  /** A file for what people do, which outlives a projection in memory. */
  readonly record?: string;
}

/** The same, for the commands. */
export function openConsole({
  sources,
  choreography,
  allow = [],
  token,
  base = "",
  hosts = LOOPBACK,
  projection = ":memory:",
  dev,
  kept,
  record,
}: OpenOptions): OdoriConsole {
  if (sources.length === 0)
    throw new OdoriError("OPTION_INVALID", "sources is empty.", {
      hint: "Name the stores of the services: `sqliteSource(file)`, `postgresSource(options)`.",
    });
  const path = base.replace(/\/+$/, "");
  if (path !== "" && !/^(\/[\w.~-]+)+$/.test(path))
    throw new OdoriError("OPTION_INVALID", "base is not a path.", {
      hint: "Write it as `/odori`.",
    });
  const guard = new Guard({ hosts, token, base: path });
  const desk = new Desk({
    ...{ sources, projection, record, allowed: allow, dev, kept },
    manifest: isChoreography(choreography) ? manifestOf(choreography) : choreography,
  });
  const routes = api({ desk, guard, assets: assetsIn(), base: path });
  desk.follower.start();
  // It is a guest in the process of others, whose Request and Response stay as they are.
  const listener = getRequestListener(routes.fetch, { overrideGlobalObjects: false });
  let closed: Promise<void> | undefined;
  return {
    fetch: routes.fetch,
    node: (incoming, outgoing) => void listener(incoming, outgoing),
    close: () => {
      closed ??= (async () => {
        await routes.close();
        await desk.close();
        await Promise.all(sources.map((source) => source.close()));
      })();
      return closed;
    },
  };
}
