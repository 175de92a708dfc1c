import { find } from "./find.ts";
import { recipes } from "./recipes.ts";
import { Server } from "./server.ts";

const names = (process.argv[2] ?? "").split(",") as ("postgres" | "nats" | "rabbitmq" | "kafka")[];
for (const n of names) {
  const s = await Server.start(recipes[n](find(n, false)!));
  console.log(`export ORDER_${n.toUpperCase()}=${s.url}`);
}
console.log("# up");
setInterval(() => {}, 1000);
process.on("SIGTERM", () => process.exit());
