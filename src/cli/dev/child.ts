/* The program of the process in which `odori dev` runs services; see `services-process.ts`. */
import { codeOf, messageOf } from "../../contract/errors.ts";
import { STOP, serveControl, tellTo } from "../../dev/remote.ts";
import { DevServices } from "../../dev/services.ts";
import { loadExports } from "../module.ts";
import { warn } from "../output.ts";

const [module = "", data = ""] = process.argv.slice(2);
/** A compiler may quote a whole file. */
const MESSAGE_MAX = 4_000;
const send = (json: string) => {
  // The other process may be gone, and then nothing is to be told any more.
  if (process.connected) process.send?.(json, () => {});
};
// On a terminal Ctrl-C reaches each process. The one that has started this one says when to stop.
process.on("SIGINT", () => {});

let running: DevServices | undefined;
const stop = async () => {
  await running?.stop();
  process.exit();
};
process.once("disconnect", stop);
const tellFailure = (error: unknown, sent: () => void) => {
  const message = messageOf(error).slice(0, MESSAGE_MAX);
  const tell = tellTo((json) => void process.send?.(json, sent));
  tell({ kind: "failed", code: codeOf(error), message });
};
// What a handler throws beside its promise ends the process; Node prints it.
process.once("uncaughtExceptionMonitor", (error) => tellFailure(error, () => {}));

try {
  const { services, choreographies } = await loadExports(module);
  const [choreography] = choreographies.values();
  running = await DevServices.start({
    services: [...services.values()],
    choreography,
    data,
    tell: tellTo(send),
  });
  const serve = serveControl(running, send);
  process.on("message", (json) => {
    if (json === STOP) void stop();
    else if (typeof json === "string") serve(json);
  });
} catch (error) {
  warn(`${codeOf(error)}: ${messageOf(error)}`);
  tellFailure(error, () => process.exit(1));
}
