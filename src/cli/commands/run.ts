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
import { type App, start } from "../../runtime/start.ts";
import { dataOption, jsonOption } from "../data.ts";
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

export function runCommand(): Command {
  return new Command("run")
    .description(
      "Runs the services of a module in this process: SQLite files in --data, and the in-process bus between them.",
    )
    .argument("<module>", "exports services, or a choreography")
    .addOption(dataOption())
    .option("--begin <type>", "begin a saga with this event")
    .option("--payload <json>", "its payload", "{}")
    .option("--saga <id>", "its saga id; by default a new one")
    .option("--until-idle", "stop as soon as nothing is left to do", false)
    .addOption(
      new Option("--log <level>", "least level of log lines")
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

Ctrl-C stops it cleanly; what is left is taken up by the next run.`,
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
          print(`running ${apps.map(({ name }) => name).join(", ")} on ${flags.data}`);
        const sagaId = flags.saga ?? randomUUID();
        if (beginning !== undefined) await begin(apps, beginning, sagaId);
        await (flags.untilIdle ? Promise.race([stop, idle(apps)]) : stop);
        if (beginning !== undefined) await show(apps, sagaId, flags);
      } finally {
        await Promise.all(apps.map((app) => app.stop()));
        await bus.close();
      }
    });
}

interface Beginning {
  readonly service: string;
  readonly contract: EventContract;
  readonly data: unknown;
}

function findBeginning(
  services: readonly Service<unknown, EventContract>[],
  type: string,
  payload: string,
): Beginning {
  for (const service of services) {
    const contract = service.beginnings.find((one) => one.type === type);
    if (contract !== undefined)
      return { service: service.name, contract, data: parsePayload(payload) };
  }
  const known = services.flatMap(({ beginnings }) => beginnings.map((one) => one.type));
  throw new OdoriError("USAGE", `No service begins sagas with ${quote(type)}.`, {
    hint: `They begin with: ${known.join(", ") || "nothing"}.`,
  });
}

function parsePayload(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch (cause) {
    throw new OdoriError("USAGE", `--payload is not JSON: ${messageOf(cause)}.`, { cause });
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
        await start(service, {
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

async function begin(
  apps: readonly AnyApp[],
  { service, contract, data }: Beginning,
  sagaId: string,
): Promise<void> {
  const app = apps.find(({ name }) => name === service);
  await app?.begin(sagaId, () => contract.from(data));
}

/** Resolves at SIGINT or SIGTERM; a second one ends the process at once, as usual. */
function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}

/**
 * Resolves once no event waits for the bus, no delivery for a commit, and nothing will be due by
 * itself.
 */
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
