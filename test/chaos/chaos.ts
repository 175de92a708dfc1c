import { join } from "node:path";
import { files } from "../../examples/order/database.ts";
import { makeOrders } from "../../examples/order/orders.ts";
import { schemas } from "../../examples/order/schemas.ts";
import { find, HOW, type ServerName } from "../servers/find.ts";
import { recipes } from "../servers/recipes.ts";
import { Server } from "../servers/server.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping, temporaryFolder } from "../support/scope.ts";
import { generator } from "../support/unruly-bus.ts";
import { admit, type BrokerFault, brokerFaults, repaired, withUser } from "./broker.ts";
import { type DeafTime, makeDeaf, readyWhileDeaf } from "./deafness.ts";
import { Fleet, SERVICES } from "./fleet.ts";
import { judgeMortality, type Mortality } from "./mortality.ts";
import { retryCrashed } from "./operator.ts";
import { judge, type Verdict } from "./oracle.ts";
import { TcpProxy } from "./proxy.ts";
import { unanswered } from "./tickets.ts";
import { Watcher } from "./watcher.ts";

export interface ChaosOptions {
  readonly seconds: number;
  readonly store: "sqlite" | "postgres";
  readonly bus: "postgres" | "nats" | "rabbitmq" | "kafka";
  readonly members: number;
  readonly seed: number;
  /**
   * Whether an observer follows the services, and is killed every two seconds.
   * @default false
   */
  readonly observer?: boolean | undefined;
  /** How long the services remember a saga that has ended, in seconds. */
  readonly retention?: number | undefined;
  /**
   * Whether processes of services are killed.
   * @default true
   */
  readonly kills?: boolean | undefined;
  /** Hears how far it is, a few times a second. */
  readonly progress?: (line: string) => void;
}

export interface ChaosResult extends Verdict {
  readonly faults: ReadonlyMap<string, number>;
  /** Deliveries with which three processes were killed, and that were retried by hand. */
  readonly crashed: number;
  /** How often the observer was killed, and how often it said something new. */
  readonly observed: { readonly kills: number; readonly rounds: number } | undefined;
  /** How many processes died, and what others took over. */
  readonly mortality: Mortality;
  readonly seconds: number;
}

interface Guarded {
  readonly name: ServerName;
  readonly server: Server;
  readonly proxy: TcpProxy;
  /** For the services: past the proxy, as a user of their own. */
  readonly url: string;
}

/**
 * Least time between two kills of a server, in milliseconds: what it takes to come back, and some
 * time to work.
 */
const KILL_EVERY_MS: Readonly<Record<ServerName, number>> = {
  postgres: 3_000,
  nats: 2_000,
  rabbitmq: 20_000,
  kafka: 30_000,
};
/** When services are cut off for long: first, how often, and how much time it needs. */
const DEAF = { firstMs: 15_000, everyMs: 75_000, roomMs: 50_000 } as const;
/**
 * Where no process is killed, none may be found dead: one that was frozen has this time to say that
 * it lives, among all other faults. Members are silent for 15 s before they count as dead.
 */
const REST_MS = 15_000;
/** How long a fault of a broker lasts that does not cut off: at most, in milliseconds. */
const BRIEF_MS = 5_000;
const OPEN_MAX = 600;
/**
 * Where the oldest order is older than this part of retention, no new ones are placed: a service
 * would first hear of them when they are older than what it remembers.
 */
const AGE_OF_RETENTION = 0.25;
const BATCH = 20;
/** How long everything has to come to an end once the faults are over. */
const END_LIMIT_MS = 120_000;

/**
 * Runs the order saga over many processes and real servers while both are killed, frozen and cut
 * off, and then looks whether everything adds up.
 */
export async function chaos(options: ChaosOptions): Promise<ChaosResult> {
  using data = temporaryFolder("chaos");
  await using scope = new AsyncDisposableStack();
  const guards: Guarded[] = [];
  const started = performance.now();
  const names = new Set<ServerName>(
    options.store === "postgres" ? ["postgres", options.bus] : [options.bus],
  );
  for (const name of names) guards.push(await guard(name, scope));
  return {
    ...(await play(options, data.path, guards)),
    seconds: Math.round((performance.now() - started) / 1_000),
  };
}

async function guard(name: ServerName, scope: AsyncDisposableStack): Promise<Guarded> {
  const program = find(name, true);
  if (program === undefined) throw new Error(`${name} is missing: ${HOW[name]}.`);
  const proxy = scope.use(closing(await TcpProxy.listen()));
  const recipe = withUser(name, recipes[name](program, proxy.port));
  const server = scope.use(stopping(await Server.start(recipe)));
  proxy.target = server.place.port;
  return { name, server, proxy, url: await admit(name, server, proxy.port) };
}

async function play(
  options: ChaosOptions,
  data: string,
  guards: readonly Guarded[],
): Promise<Omit<ChaosResult, "seconds">> {
  const random = generator(options.seed);
  const faults = new Map<string, number>();
  const count = (fault: string) => faults.set(fault, (faults.get(fault) ?? 0) + 1);
  const { retention } = options;
  const environment = Object.fromEntries([
    ...guards.map((one) => [`ORDER_${one.name.toUpperCase()}`, one.url] as const),
    ...(retention === undefined ? [] : [["CHAOS_RETENTION_MS", `${retention * 1_000}`] as const]),
  ]);
  const database = guards.find(({ name }) => name === "postgres");
  // Straight to the server, past the proxy: what the oracle reads is not disturbed.
  const databases = options.store === "sqlite" ? files(data) : schemas(database?.server.url ?? "");
  const fleet = new Fleet({ ...options, data, environment });
  const watcher =
    options.observer === true
      ? watcherOf(data, options.store === "postgres" ? database : undefined)
      : undefined;
  try {
    await eventually("all services are running", () => fleet.ready, true, 60_000);
    watcher?.start();
    for (const { name, server } of guards)
      if (name === "rabbitmq") await settleQuorumQueues(server);
    const ends = performance.now() + options.seconds * 1_000;
    const placedAt = new Map<string, number>();
    const underWayNow = async () => {
      const [row] = await databases
        .read(
          "order",
          "SELECT count(*) AS open, min(order_id) AS oldest FROM orders WHERE state = 'placed'",
        )
        .catch(() => []);
      if (row === undefined) return undefined;
      const oldest = placedAt.get(String(row.oldest)) ?? performance.now();
      return { open: Number(row.open), ageMs: performance.now() - oldest };
    };
    const open = async () => (await underWayNow())?.open;
    const ageMaxMs = (retention ?? Number.POSITIVE_INFINITY) * 1_000 * AGE_OF_RETENTION;
    let next = 1;
    const placing = (async () => {
      while (performance.now() < ends) {
        const now = await underWayNow();
        const busy = now === undefined || now.open >= OPEN_MAX || now.ageMs > ageMaxMs;
        if (!busy && fleet.asked < OPEN_MAX) {
          const orders = makeOrders(next, BATCH, 0.3);
          next += BATCH;
          for (const { orderId } of orders) placedAt.set(orderId, performance.now());
          fleet.place(orders);
        } else fleet.repeat();
        const injected = [...faults.values()].reduce((sum, n) => sum + n, 0);
        options.progress?.(`${next - 1} orders, ${now?.open ?? "?"} open, ${injected} faults`);
        await pause(now === undefined ? 200 : 40);
      }
    })();
    const killed = new Map<ServerName, number>();
    const underWay = new Set<Promise<void>>();
    const deafTimes: DeafTime[] = [];
    const deaf = deafness(guards, random);
    let nextDeaf = performance.now() + DEAF.firstMs;
    while (performance.now() < ends) {
      await pause(100 + random() * 700);
      const lasting = performance.now() >= nextDeaf && performance.now() + DEAF.roomMs < ends;
      if (lasting) nextDeaf = performance.now() + DEAF.everyMs;
      const fault = lasting ? deaf(deafTimes) : choose(random, guards, killed, options);
      count(fault.name);
      const done: Promise<void> = fault.inject(fleet, random).finally(() => underWay.delete(done));
      underWay.add(done);
    }
    await Promise.all([placing, ...underWay]);
    let crashed = 0;
    const unfinished = async () => {
      fleet.repeat();
      crashed += await retryCrashed(databases);
      options.progress?.(`${fleet.asked} orders unanswered, ${await open()} open`);
      // The last look reads the most: not before the others are through.
      if (fleet.asked > 0) return { unanswered: fleet.asked };
      const orders = await open();
      if (orders !== 0) return { open: orders };
      // They are asked by the same events, which the broker may have to deliver again to them.
      const tickets = await unanswered(databases, fleet.placed).catch(() => undefined);
      if (tickets !== 0) return { tickets };
      return { rows: await leftOvers(databases, options) };
    };
    await eventually("every order has ended", unfinished, { rows: 0 }, END_LIMIT_MS).catch(
      // The oracle says which orders are missing.
      () => {},
    );
    await fleet.stop();
    if (watcher !== undefined)
      await eventually("the observer was killed", () => watcher.kills > 0, true, END_LIMIT_MS);
    await watcher?.stop();
    const verdict = await judge(databases, fleet.placed, {
      prefix: options.store === "sqlite" ? "odori_" : "",
      forgets: retention !== undefined,
    });
    const { mortality, violations: unfounded } = judgeMortality(fleet);
    const violations = [
      ...(verdict.orders === 0 ? ["idle: no order was placed, so nothing was tested"] : []),
      ...verdict.violations,
      ...unfounded,
      ...readyWhileDeaf(deafTimes, fleet.health),
      ...((await watcher?.judge(databases)) ?? []),
    ];
    const observed = watcher && { kills: watcher.kills, rounds: watcher.rounds };
    return { ...verdict, violations, faults, crashed, mortality, observed };
  } finally {
    await fleet.stop();
    await watcher?.stop();
    await databases.close();
  }
}

/** The observer has the same database as the services, with what is done to it. */
function watcherOf(folder: string, database: Guarded | undefined): Watcher {
  const file = join(folder, "projection.sqlite");
  if (database === undefined) return new Watcher(file, { folder }, { folder });
  return new Watcher(file, { url: database.url }, { url: database.server.url });
}

interface Fault {
  readonly name: string;
  inject(fleet: Fleet, random: () => number): Promise<void>;
}

/** Cuts the services off for long, from one server after the other and in each way in turn. */
function deafness(guards: readonly Guarded[], random: () => number): (times: DeafTime[]) => Fault {
  const ways = guards.flatMap((guard) => [
    { guard, fault: undefined },
    ...brokerFaults[guard.name].filter(({ cutsOff }) => cutsOff).map((fault) => ({ guard, fault })),
  ]);
  let turn = Math.floor(random() * ways.length);
  return (times) => {
    const way = ways[turn++ % ways.length];
    if (way === undefined) throw new Error("Nothing can be cut off: no server runs.");
    const { guard, fault } = way;
    const inject = async () => void times.push(await makeDeaf(guard, fault, random));
    return { name: `${fault?.name ?? "black hole"} ${guard.name}`, inject };
  };
}

function choose(
  random: () => number,
  guards: readonly Guarded[],
  killed: Map<ServerName, number>,
  { retention, kills = true }: ChaosOptions,
): Fault {
  const guard = guards[Math.floor(random() * guards.length)];
  const dice = random();
  if (guard === undefined || (dice < 0.35 && kills))
    return { name: "kill -9 service", inject: async (fleet) => fleet.kill(random) };
  if (dice < 0.5)
    return {
      name: "freeze service",
      inject: (fleet) => fleet.pause(random, 300 + random() * 5_000, kills ? 0 : REST_MS),
    };
  const { name, server, proxy } = guard;
  const since = performance.now() - (killed.get(name) ?? Number.NEGATIVE_INFINITY);
  if (dice < 0.65 && since > KILL_EVERY_MS[name]) {
    const inject = async () => {
      killed.set(name, Number.POSITIVE_INFINITY);
      await server.kill();
      await pause(random() * 500);
      await server.up();
      killed.set(name, performance.now());
    };
    return { name: `kill -9 ${name}`, inject };
  }
  if (dice < 0.72 && since > 0) {
    const inject = async () => {
      server.pause();
      await pause(200 + random() * 2_000);
      server.resume();
    };
    return { name: `freeze ${name}`, inject };
  }
  // With a short retention, what comes again from the beginning is not known any more.
  const [brief] = brokerFaults[name].filter(
    ({ cutsOff, replays = false }) => !cutsOff && (!replays || retention === undefined),
  );
  if (dice > 0.97 && brief !== undefined)
    return { name: brief.name, inject: () => once(server, brief, random) };
  if (dice < 0.84) return { name: `cut ${name}`, inject: async () => proxy.cut() };
  if (dice < 0.92)
    return { name: `lose answers of ${name}`, inject: () => proxy.swallow(20 + random() * 300) };
  return {
    name: `delay ${name}`,
    inject: () => proxy.delay(20 + random() * 200, 500 + random() * 1_000),
  };
}

/** A fault of a broker, for a moment. A broker that is down or frozen is spared. */
async function once(server: Server, fault: BrokerFault, random: () => number): Promise<void> {
  try {
    await fault.inflict(server, random);
  } catch {
    // It may have been inflicted all the same: it is repaired in any case.
  }
  await pause(random() * BRIEF_MS);
  await repaired(server, fault);
}

async function leftOvers(
  databases: ReturnType<typeof files>,
  { store }: ChaosOptions,
): Promise<number> {
  const prefix = store === "sqlite" ? "odori_" : "";
  let left = 0;
  for (const service of SERVICES) {
    const rows = await databases
      .read(
        service,
        `SELECT (SELECT count(*) FROM ${prefix}outbox)
          + (SELECT count(*) FROM ${prefix}deferred WHERE state NOT IN ('parked', 'gathered'))
          AS rows`,
      )
      .catch(() => [{ rows: 1 }]);
    left += Number(rows[0]?.rows);
  }
  return left;
}

/**
 * RabbitMQ 3.10 writes where the members of a quorum queue are some seconds late; one that is
 * killed before comes back without a leader, for ever.
 */
async function settleQuorumQueues(server: Server): Promise<void> {
  await server.control(["eval", "[dets:sync(T) || T <- dets:all()]."]);
}

/** For faults alone: how long one lasts, and when the next comes, is the test's input. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
