import { join } from "node:path";
import { start, systemEnvironment } from "odori";
import { memoryBus } from "odori/memory";
import { sqlite } from "odori/sqlite";
import { eventually } from "../../support/eventually.ts";
import { silent } from "../../support/stage.ts";
import { order, payment, placed, stock, UNLUCKY_CENTS } from "./saga.ts";

const AGO_MS = 7 * 60_000;
const environment = { ...systemEnvironment, now: () => Date.now() - AGO_MS };

/** Leaves databases behind in which a saga has succeeded, and three others do not go on. */
export async function fall(folder: string): Promise<void> {
  const bus = memoryBus([order, payment, stock]);
  const on = (name: string) => ({
    store: sqlite(join(folder, `${name}.db`)),
    bus,
    environment,
    logger: silent,
    retry: { attempts: 1 },
  });
  const stocks = await start(stock, on("stock"));
  const payments = await start(payment, on("payment"));
  const orders = await start(order, on("order"));
  const place = (orderId: string, cents: number) =>
    orders.begin(orderId, () => placed({ orderId, cents }));
  const steps = async (sagaId: string) =>
    (await payments.inspect.journal(sagaId)).length + (await stocks.inspect.journal(sagaId)).length;
  await place("order-1", 500);
  await eventually("order-1 is reserved", () => steps("order-1"), 2);
  await place("order-2", UNLUCKY_CENTS);
  await eventually(
    "order-2 is parked",
    () => payments.inspect.deferred(["parked"], 1).then(sizeOf),
    1,
  );
  await place("order-3", 9_500);
  await eventually("order-3 is declined", () => steps("order-3"), 1);
  await stocks.stop();
  await place("order-4", 700);
  const charged = () => payments.inspect.journal("order-4").then(sizeOf);
  await eventually("order-4 is charged", charged, 1);
  await Promise.all([orders.stop(), payments.stop()]);
  await bus.close();
}

function sizeOf(rows: readonly unknown[]): number {
  return rows.length;
}
