import { stopOnSignals } from "odori/web";
import { serve } from "./http.ts";
import { openShop } from "./shop.ts";

const shop = await openShop();
const port = Number(process.env.PORT ?? 3000);
const server = await serve(shop, port);
console.log(`Listening on port ${port}.`);

// A second signal ends the process at once.
stopOnSignals(async () => {
  // Requests first: no new saga begins in services that stop.
  await server.close();
  await shop.close();
});
