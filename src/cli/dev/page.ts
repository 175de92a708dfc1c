import { join } from "node:path";
import { sqliteSource } from "../../adapters/sqlite/source.ts";
import type { OdoriConsole } from "../../console/console.ts";
import { codeOf, messageOf } from "../../contract/errors.ts";
import type { DevControl } from "../../dev/control.ts";
import { KeptEvents } from "../../dev/kept-events.ts";
import { namedManifest } from "../choreography-option.ts";
import { type ConsoleServer, serveConsole } from "../console-server.ts";
import { warn } from "../output.ts";

const LOCAL = "127.0.0.1";
/** Each load of the module builds its projection: not what people did. */
const RECORD = "actions.sqlite";

/** What the page is about. */
export interface DevPageOptions {
  readonly module: string;
  readonly data: string;
  readonly control: DevControl;
}

/**
 * The console beside the services of `odori dev`. Each load of the module has a console of its own
 * at the same address: its choreography may be another one.
 */
export class DevPage {
  readonly #options: DevPageOptions;
  #console: OdoriConsole | undefined;
  #server: ConsoleServer | undefined;
  #changing: Promise<void> = Promise.resolve();

  constructor(options: DevPageOptions) {
    this.#options = options;
  }

  /** Listens, and returns the address. Rejects with `USAGE` if the port cannot be used. */
  async listen(port: number): Promise<string> {
    const node: OdoriConsole["node"] = (incoming, outgoing) => {
      if (this.#console !== undefined) return this.#console.node(incoming, outgoing);
      const { failure } = this.#options.control;
      const why = failure === undefined ? "" : `\n${failure.code}: ${failure.message}\n`;
      outgoing.writeHead(503, { "content-type": "text/plain; charset=utf-8", "retry-after": "1" });
      outgoing.end(`The services have not started yet.\n${why}`);
    };
    this.#server = await serveConsole({ node }, LOCAL, port);
    return `http://${LOCAL}:${this.#server.port}/`;
  }

  /** The services run, with the module as it is now. */
  show(services: readonly string[]): void {
    this.#changing = this.#changing
      .then(() => this.#show(services))
      .catch((error: unknown) => warn(`The page: ${codeOf(error)}: ${messageOf(error)}`));
  }

  async close(): Promise<void> {
    await this.#changing;
    await this.#console?.close();
    await this.#server?.close();
  }

  async #show(services: readonly string[]): Promise<void> {
    const { module, data, control } = this.#options;
    const { openConsole } = await import("../../console/console.ts");
    const choreography = await namedManifest({ source: [module] });
    const before = this.#console;
    this.#console = openConsole({
      sources: services.map((name) => sqliteSource(join(data, `${name}.db`))),
      allow: ["retry", "discard", "payloads"],
      token: undefined,
      dev: control,
      kept: KeptEvents.in(data),
      record: join(data, RECORD),
      ...(choreography && { choreography }),
    });
    await before?.close();
  }
}
