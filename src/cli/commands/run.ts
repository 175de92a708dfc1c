import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
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
import { type App, startApp } from "../../runtime/start.ts";
import { folderOption, jsonOption } from "../data.ts";
import { loadServices } from "../module.ts";
import { paint, print, printJson } from "../output.ts";

interface Flags {
  readonly data: string;
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
  return new Command("run")
    .summary("run services on SQLite and the in-process bus")
    .description(
      "Run the services of a module in this process, with SQLite files in --data and the " +
        "in-process bus.",
    )
    .argument("<module>", "a module that exports services or a choreography")
    .addOption(folderOption())
    .option("--begin <type>", "begin a saga with this event type")
    .option("--payload <json>", "payload of that event", "{}")
    .option("--saga <id>", "id of the saga (default: a new UUID)")
    .option("--until-idle", "stop once no work is left", false)
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

Ctrl-C stops the services cleanly. The next run continues any unfinished work.`,
    )
    .action(async (path: string, flags: Flags) => {
      const services = await loadServices(path);
      const beginning =
        flags.begin === undefined ? undefined : findBeginning(services, flags.begin, flags.payload);
      mkdirSync(flags.data, { recursive: true });
      const bus = memoryBus(services);
      const apps = await startAll(services, flags, bus);
      const stop = signalled();
      try {
        if (!flags.json)
          print(`Running ${apps.map(({ name }) => name).join(", ")} on ${flags.data}`);
        const sagaId = flags.saga ?? randomUUID();
        if (beginning !== undefined) await beginSaga(apps, beginning, sagaId);
        await (flags.untilIdle ? Promise.race([stop, idle(apps)]) : stop);
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

async function startAll(
  services: readonly Service<unknown, EventContract>[],
  flags: Flags,
  bus: ReturnType<typeof memoryBus>,
): Promise<readonly AnyApp[]> {
  const apps: AnyApp[] = [];
  try {
    for (const service of services) {
      apps.push(
        await startApp(service, {
          store: sqlite(join(flags.data, `${service.name}.db`)),
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
  await app?.begin(sagaId, () => contract.from(data));
}

/** Resolves at SIGINT or SIGTERM. A second signal ends the process at once. */
function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}

/** Resolves once the outboxes are empty, and no delivery, retry or deadline is pending. */
async function idle(apps: readonly AnyApp[]): Promise<void> {
  for (let quiet = 0; quiet < 2; ) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    const healths = await Promise.all(apps.map((app) => app.health()));
    const busy = healths.some(({ waiting, publishing, store }) => {
      const timed = (store?.deferred.retrying ?? 0) + (store?.deferred.armed ?? 0);
      return waiting + publishing + timed > 0 || store === undefined || store.outbox > 0;
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
