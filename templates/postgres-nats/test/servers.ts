/* Says in one message which server is missing: node test/servers.ts [DATABASE_URL] [NATS_URL] */
import { connect } from "node:net";
import { DATABASE_URL, NATS_URL } from "../src/servers.ts";

const SERVERS = [
  { name: "Postgres", variable: "DATABASE_URL", url: DATABASE_URL, port: 5432 },
  { name: "NATS", variable: "NATS_URL", url: NATS_URL, port: 4222 },
];
const TIMEOUT_MS = 5_000;

/** The host and the port of the first server of a list; undefined without a host. */
function addressOf(url: string, port: number) {
  const [first = ""] = url.split(",");
  const { hostname, port: named } = URL.canParse(first)
    ? new URL(first)
    : { hostname: "", port: "" };
  if (hostname === "") return undefined;
  return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(named || port) };
}

function replies(address: { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ ...address, timeout: TIMEOUT_MS });
    const end = (there: boolean) => {
      socket.destroy();
      resolve(there);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}

const asked = process.argv.slice(2);
const missing: string[] = [];
for (const { name, variable, url, port } of SERVERS) {
  const address = addressOf(url, port);
  if (address === undefined || (asked.length > 0 && !asked.includes(variable))) continue;
  if (!(await replies(address)))
    missing.push(`${name} does not reply at ${address.host}:${address.port} (${variable}).`);
}
if (missing.length > 0) {
  missing.push("Start the servers of compose.yaml:  docker compose up -d --wait");
  missing.push(
    "or name others:                     export DATABASE_URL=postgres://… NATS_URL=nats://…",
  );
  console.error(missing.join("\n"));
  process.exitCode = 1;
}
