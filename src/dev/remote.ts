import { codeOf, messageOf, OdoriError } from "../contract/errors.ts";
import type { SagaSummary } from "../observe/summary.ts";
import type { BegunSaga, DevEvent, SagaToBegin, ServicesControl } from "./control.ts";
import type { DevFault } from "./fault.ts";
import type { BeginForm } from "./form.ts";
import type { DevPlaces } from "./places.ts";

/** A call of the control, as JSON travels. */
interface Call {
  readonly id: number;
  readonly name: keyof ServicesControl;
  readonly parameter: unknown;
}

/** What the process of the services sends, as JSON. `result` is JSON again. */
type Message =
  | { readonly event: DevEvent }
  | { readonly id: number; readonly result: string }
  | { readonly id: number; readonly code: string; readonly message: string };

/** What the process of the services is sent when it is to stop and end. */
export const STOP = "stop";

/** A way to send JSON to the other process. */
type Send = (json: string) => void;

interface Waiting {
  settle(json: string): void;
  reject(error: unknown): void;
}

/** The control of services in another process. */
export class RemoteControl implements ServicesControl {
  readonly #send: Send;
  readonly #heard: (event: DevEvent) => void;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #gone = false;

  constructor(send: Send, heard: (event: DevEvent) => void) {
    this.#send = send;
    this.#heard = heard;
  }

  /** Takes what the other process has sent. */
  receive(json: string): void {
    const message: Message = JSON.parse(json);
    if ("event" in message) {
      this.#heard(message.event);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if ("result" in message) waiting?.settle(message.result);
    else waiting?.reject(new RemoteError(message.code, message.message));
  }

  /** The other process has ended: nothing is answered any more. */
  ended(): void {
    this.#gone = true;
    for (const { reject } of this.#waiting.values()) reject(gone());
    this.#waiting.clear();
  }

  forms(): Promise<readonly BeginForm[]> {
    return this.#call("forms");
  }

  places(): Promise<readonly DevPlaces[]> {
    return this.#call("places");
  }

  begin(request: SagaToBegin): Promise<BegunSaga> {
    return this.#call("begin", request);
  }

  fault(fault: unknown): Promise<readonly DevFault[]> {
    return this.#call("fault", fault);
  }

  faults(): Promise<readonly DevFault[]> {
    return this.#call("faults");
  }

  clear(): Promise<readonly DevFault[]> {
    return this.#call("clear");
  }

  sagas(limit: number): Promise<readonly SagaSummary[]> {
    return this.#call("sagas", limit);
  }

  #call<T>(name: Call["name"], parameter?: unknown): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#gone) return reject(gone());
      const id = this.#calls++;
      this.#waiting.set(id, { settle: (json) => resolve(JSON.parse(json)), reject });
      this.#send(JSON.stringify({ id, name, parameter } satisfies Call));
    });
  }
}

/** An error of the other process. */
class RemoteError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

function gone(): OdoriError {
  return new OdoriError("STOPPED", "The process of the services has ended.");
}

/** Answers the calls of a `RemoteControl`. Returns what takes its messages. */
export function serveControl(control: ServicesControl, send: Send): (json: string) => void {
  const answer = (message: Message) => send(JSON.stringify(message));
  return (json) => {
    const call: Call = JSON.parse(json);
    const { id } = call;
    answerCall(control, call).then(
      (result) => answer({ id, result: JSON.stringify(result ?? null) }),
      (error: unknown) => answer({ id, code: codeOf(error), message: messageOf(error) }),
    );
  };
}

/** Sends what the services tell. */
export function tellTo(send: Send): (event: DevEvent) => void {
  return (event) => send(JSON.stringify({ event } satisfies Message));
}

async function answerCall(control: ServicesControl, { name, parameter }: Call): Promise<unknown> {
  switch (name) {
    case "begin":
      return control.begin(beginRequest(parameter));
    case "fault":
      return control.fault(parameter);
    case "sagas":
      return control.sagas(typeof parameter === "number" ? parameter : 0);
    default:
      return control[name]();
  }
}

function beginRequest(value: unknown): SagaToBegin {
  const members = new Map<string, unknown>(
    typeof value === "object" && value !== null ? Object.entries(value) : [],
  );
  const [type, sagaId] = [members.get("type"), members.get("sagaId")];
  return {
    payload: members.get("payload"),
    type: typeof type === "string" ? type : undefined,
    sagaId: typeof sagaId === "string" ? sagaId : undefined,
  };
}
