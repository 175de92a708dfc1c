import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { codeOf, messageOf } from "../../contract/errors.ts";
import { CurrentControl } from "../../dev/current.ts";
import { paint, print, warn } from "../output.ts";
import { SourceFiles } from "../watch/source-files.ts";
import { nextChange } from "../watch/watch.ts";
import { performLine } from "./commands.ts";
import { eventLine } from "./lines.ts";
import { DevPage } from "./page.ts";
import { ServicesProcess } from "./services-process.ts";

/** What is run. */
export interface DevSessionOptions {
  readonly module: string;
  readonly data: string;
  /** Of the page; undefined for none. */
  readonly port: number | undefined;
}

/**
 * Runs the services of a module until SIGINT, SIGTERM or `quit`: again with each change of a
 * source, on the data that is there, and after a fault that has killed them.
 */
export class DevSession {
  readonly #module: string;
  readonly #data: string;
  readonly #ended = new AbortController();
  readonly #port: number | undefined;
  readonly #control = new CurrentControl();
  #page: DevPage | undefined;
  /** The lines so far, each done after the one before it. */
  #lines: Promise<void> = Promise.resolve();

  /** With a `port` there is a page beside the services. */
  constructor({ module, data, port }: DevSessionOptions) {
    this.#module = module;
    this.#data = data;
    this.#port = port;
  }

  async run(): Promise<void> {
    const files = new SourceFiles([this.#module], []);
    const end = () => this.#ended.abort();
    process.on("SIGINT", end).on("SIGTERM", end);
    if (this.#port !== undefined) {
      this.#page = new DevPage({ module: this.#module, data: this.#data, control: this.#control });
      print(paint().bold(await this.#page.listen(this.#port)));
    }
    const lines = createInterface({ input: process.stdin }).on("line", (line) => {
      this.#lines = this.#lines.then(() => this.#line(line));
    });
    try {
      for (let turn = 0; !this.#ended.signal.aborted; turn++) {
        if (turn > 0) print("A source has changed: it is loaded again.");
        const changed = nextChange(files, this.#ended.signal);
        const checking = this.#check();
        await this.#serve(changed);
        checking.kill();
      }
    } finally {
      end();
      lines.close();
      this.#control.fail({ code: "STOPPED", message: "odori dev has ended." });
      await this.#page?.close();
      process.off("SIGINT", end).off("SIGTERM", end);
    }
  }

  /** Runs the services until `changed` resolves. */
  async #serve(changed: Promise<void>): Promise<void> {
    for (let over = false; !over; ) {
      const services = new ServicesProcess(this.#module, this.#data, (event) => {
        if (event.kind === "ready") this.#page?.show(event.services);
        const line = eventLine(event, paint());
        if (line !== undefined) print(line);
      });
      this.#control.use(services.control);
      const ended = await Promise.race([services.ended, changed.then(() => undefined)]);
      if (ended?.killed === true) print("Killed by a fault: the services start again.");
      else {
        if (ended !== undefined) {
          this.#control.fail(ended.failure);
          warn("The services have ended. They start with the next change.");
        }
        await changed;
        over = true;
      }
      await services.stop();
    }
  }

  /** Checks the module beside the services, in a process that a change ends. */
  #check(): ChildProcess {
    const [program = ""] = process.argv.slice(1);
    const args = [...process.execArgv, program, "check", this.#module];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] });
    // It says itself what is wrong.
    once(child, "exit").catch(() => {});
    return child;
  }

  async #line(line: string): Promise<void> {
    if (line.trim() === "quit") this.#ended.abort();
    if (this.#ended.signal.aborted) return;
    try {
      for (const one of await performLine(this.#control, line)) print(one);
    } catch (error) {
      warn(`${codeOf(error)}: ${messageOf(error)}`);
    }
  }
}
