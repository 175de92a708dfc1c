import { timeline, traceOf } from "odori/observe";
import { openShop } from "./shop.ts";

const shop = await openShop();

// There are fans in stock, and no umbrellas.
for (const sku of ["fan", "umbrella"]) {
  const { orderId, state } = await shop.orders.place({ sku, cents: 500 });
  console.log(`\nOrder of one ${sku}: ${state}`);
  const journals = shop.apps.map(async ({ name, inspect }) => ({
    service: name,
    records: await inspect.journal(orderId),
  }));
  for (const line of timeline(traceOf(await Promise.all(journals)))) console.log(line);
}

await shop.close();
