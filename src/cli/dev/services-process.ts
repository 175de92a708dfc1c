import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { DevEvent, ServicesFailure } from "../../dev/control.ts";
import { RemoteControl, STOP } from "../../dev/remote.ts";

/** The program stands beside this file, and is compiled if this file is. */
const PROGRAM = fileURLToPath(new URL(`child${extname(import.meta.url)}`, import.meta.url));
/** What `main.ts` does not print either: how Node reads the module, and what is new in it. */
const QUIET = ["ExperimentalWarning", "MODULE_TYPELESS_PACKAGE_JSON"].map(
  (name) => `--disable-warning=${name}`,
);
/** A handler may hang; what it has not committed goes on at the next start. */
const STOP_MS = 5_000;

/** How a process has ended. */
interface ProcessEnd {
  /** A fault has killed it. */
  readonly killed: boolean;
  readonly failure: ServicesFailure;
}

/**
 * The process in which services run. A module cannot be loaded twice, so each change of a source
 * has a process of its own.
 */
export class ServicesProcess {
  readonly control: RemoteControl;
  /** Resolves when it has ended. */
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcess;
  #stopping = false;

  constructor(module: string, data: string, heard: (event: DevEvent) => void) {
    this.#child = fork(PROGRAM, [module, data], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      execArgv: [...process.execArgv, ...QUIET],
    });
    const child = this.#child;
    let said: ServicesFailure | undefined;
    this.control = new RemoteControl(
      (json) => void child.send(json, () => {}),
      (event) => {
        if (event.kind === "failed") said = { code: event.code, message: event.message };
        heard(event);
      },
    );
    child.on("message", (json) => {
      if (typeof json === "string") this.control.receive(json);
    });
    this.ended = once(child, "exit").then(([status, signal]) => {
      this.control.ended();
      const how = signal === null ? `with status ${status}` : `by ${signal}`;
      const failure = said ?? { code: "STOPPED", message: `The process has ended ${how}.` };
      return { killed: signal === "SIGKILL" && !this.#stopping, failure };
    });
  }

  /** Stops the services, and waits for the end of the process. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#child.connected) this.#child.send(STOP, () => {});
    const kill = setTimeout(() => this.#child.kill("SIGKILL"), STOP_MS);
    await this.ended;
    clearTimeout(kill);
  }
}
