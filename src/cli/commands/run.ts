import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { Command, Option } from "commander";
import { memoryBus } from "../../adapters/memory/bus.ts";
import { sqlite } from "../../adapters/sqlite/store.ts";
import type { Service } from "../../choreography/service.ts";
import { messageOf, OdoriError } from "../../contract/errors.ts";
import type { EventContract } from "../../contract/event.ts";
import { quote } from "../../contract/grammar.ts";
import { timeline } from "../../observe/timeline.ts";
import { traceOf } from "../../observe/trace.ts";
import { jsonLogger, type LogLevel } from "../../ports/logger.ts";
import type { Store } from "../../ports/store.ts";
import { type App, startApp } from "../../runtime/start.ts";
import { client } from "../client.ts";
import { jsonOption } from "../data.ts";
import { loadServices } from "../module.ts";
import { paint, print, printJson, warn } from "../output.ts";
import {
  type PlaceFlags,
  placeFlags,
  type StorePlace,
  shownPlace,
  storePlaceOf,
} from "../place.ts";

interface Flags extends PlaceFlags {
  readonly json: boolean;
  readonly begin?: string;
  readonly payload: string;
  readonly saga?: string;
  readonly untilIdle: boolean;
  readonly log: LogLevel;
}

type AnyApp = App<unknown, EventContract>;

const LOOK_EVERY_MS = 25;

/** Creates `odori run`: runs services in this process. */
export function runCommand(): Command {
  return placeFlags(
    new Command("run")
      .summary("run services in this process, on the in-process bus")
      .description(
        "Run the services of a module in this process, on the in-process bus. Each service has a " +
          "SQLite file, or a Postgres schema, of its own name.",
      )
      .argument("<module>", "a module that exports services or a choreography"),
  )
    .option("--begin <type>", "begin a saga with this event type")
    .option("--payload <json>", "payload of that event", "{}")
    .option("--saga <id>", "id of the saga (default: a new UUID)")
    .option("--until-idle", "stop once no work is left; armed deadlines are not work", false)
    .addOption(
      new Option("--log <level>", "lowest level that is logged")
        .choices(["debug", "info", "warn", "error"])
        .default("warn"),
    )
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  odori run choreography.ts
  odori run choreography.ts --begin order.placed.v1 --until-idle \\
    --payload '{"orderId":"o-1","amountCents":500,"sku":"fan","quantity":1,"destination":"Naha"}'
  odori run payment.ts --postgres postgres://localhost/shop --schema payment

--schema names the schema of one service. The handlers of the services must be written for the
database: those for SQLite do not run on Postgres.

Ctrl-C stops the services cleanly, a second one ends at once. The next run continues any
unfinished work.`,
    )
    .action(async (path: string, flags: Flags) => {
      const services = await loadServices(path);
      const beginning =
        flags.begin === undefined ? undefined : findBeginning(services, flags.begin, flags.payload);
      const place = await storePlaceOf(flags);
      const storeOf = await storesAt(place, services.length);
      const bus = memoryBus(services);
      const apps = await startAll(services, flags, storeOf, bus);
      const stopped = signalled();
      try {
        if (!flags.json)
          print(`Running ${apps.map(({ name }) => name).join(", ")} on ${shownPlace(place)}`);
        const sagaId = flags.saga ?? randomUUID();
        if (beginning !== undefined) await beginSaga(apps, beginning, sagaId);
        await (flags.untilIdle ? idle(apps, stopped) : once(stopped));
        if (beginning !== undefined) await show(apps, sagaId, flags);
      } finally {
        await Promise.all(apps.map((app) => app.stop()));
        await bus.close();
      }
    });
}

interface BeginRequest {
  readonly service: string;
  readonly contract: EventContract;
  readonly data: unknown;
}

function findBeginning(
  services: readonly Service<unknown, EventContract>[],
  type: string,
  payload: string,
): BeginRequest {
  for (const service of services) {
    const contract = service.beginnings.find((one) => one.type === type);
    if (contract !== undefined)
      return { service: service.name, contract, data: parsePayload(payload) };
  }
  const known = services.flatMap(({ beginnings }) => beginnings.map((one) => one.type));
  throw new OdoriError("USAGE", `No service begins sagas with ${quote(type)}.`, {
    hint:
      known.length === 0
        ? "Declare one: service(...).begins(contract)."
        : `Use one of: ${known.join(", ")}.`,
  });
}

function parsePayload(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch (cause) {
    throw new OdoriError("USAGE", `--payload is not JSON: ${messageOf(cause)}.`, {
      cause,
      hint: 'Quote the JSON for the shell: --payload \'{"orderId":"o-1"}\'.',
    });
  }
}

type StoreOf = (service: string) => Store<unknown>;

async function storesAt(place: StorePlace, services: number): Promise<StoreOf> {
  if (place.kind === "files") {
    mkdirSync(place.path, { recursive: true });
    return (service) => sqlite(join(place.path, `${service}.db`));
  }
  const { url: connectionString, schemas } = place;
  const [schema, ...others] = schemas ?? [];
  if (schema !== undefined && (services > 1 || others.length > 0))
    throw new OdoriError("USAGE", "--schema names the schema of one service.", {
      hint: "Leave it out, also of the configuration: each service has the schema of its name.",
    });
  const { postgres } = await client("pg", () => import("../../adapters/postgres/store.ts"));
  return (service) => postgres({ connectionString, schema: schema ?? service });
}

async function startAll(
  services: readonly Service<unknown, EventContract>[],
  flags: Flags,
  storeOf: StoreOf,
  bus: ReturnType<typeof memoryBus>,
): Promise<readonly AnyApp[]> {
  const apps: AnyApp[] = [];
  try {
    for (const service of services) {
      apps.push(
        await startApp(service, {
          store: storeOf(service.name),
          bus,
          logger: jsonLogger(flags.log),
        }),
      );
    }
    return apps;
  } catch (error) {
    await Promise.all(apps.map((app) => app.stop()));
    throw error;
  }
}

async function beginSaga(
  apps: readonly AnyApp[],
  { service, contract, data }: BeginRequest,
  sagaId: string,
): Promise<void> {
  const app = apps.find(({ name }) => name === service);
  const begun = await app?.begin(sagaId, () => contract.from(data));
  if (begun?.begun === false)
    warn(`${sagaId} had begun before: nothing new was begun. Name another --saga.`);
}

/** Aborted at SIGINT or SIGTERM. A second one ends the process, also while a handler hangs. */
function signalled(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(128 + constants.signals[signal]);
      stop.abort();
    });
  return stop.signal;
}

function once(stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => stopped.addEventListener("abort", () => resolve()));
}

/**
 * Resolves once the outboxes are empty and no delivery or retry is pending, or when it is stopped.
 * Armed deadlines are left: one may be due in days.
 */
async function idle(apps: readonly AnyApp[], stopped: AbortSignal): Promise<void> {
  for (let quiet = 0; quiet < 2 && !stopped.aborted; ) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    const healths = await Promise.all(apps.map((app) => app.health()));
    const busy = healths.some(({ waiting, publishing, store }) => {
      const retrying = store?.deferred.retrying ?? 0;
      return waiting + publishing + retrying > 0 || store === undefined || store.outbox > 0;
    });
    quiet = busy ? 0 : quiet + 1;
  }
}

async function show(apps: readonly AnyApp[], sagaId: string, flags: Flags): Promise<void> {
  const steps = traceOf(
    await Promise.all(
      apps.map(async ({ name, inspect }) => ({
        service: name,
        records: await inspect.journal(sagaId),
      })),
    ),
  );
  if (flags.json) printJson({ sagaId, steps });
  else for (const line of timeline(steps, paint())) print(line);
}
