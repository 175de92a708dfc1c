import type { MsgHdrs } from "@nats-io/transport-node";
import { NATS } from "../../cloudevents/binding.ts";
import { malformedMessage } from "../../cloudevents/message.ts";
import { readMessages } from "../../cloudevents/messages.ts";
import { messageOf, OdoriError } from "../../contract/errors.ts";
import type { Incoming } from "../../ports/bus.ts";

/** What is read of a message. */
interface NatsMessage {
  /** The client parses them when they are asked for, and may throw. */
  readonly headers?: MsgHdrs | undefined;
  readonly data: Uint8Array;
  readonly info: { readonly stream: string; readonly streamSequence: number };
}

/** Reads the events of a message. One that cannot be read is malformed, also for its headers. */
export function readNats(type: string, message: NatsMessage): readonly Incoming[] {
  const { stream, streamSequence } = message.info;
  const place = `${stream}/${streamSequence}`;
  let headers: readonly (readonly [string, string])[];
  try {
    headers = [...headersOf(message.headers)];
  } catch (cause) {
    const error = new OdoriError(
      "MESSAGE_MALFORMED",
      `The headers of the message cannot be read: ${messageOf(cause)}.`,
      { cause, hint: "Look at the service that publishes it." },
    );
    return [{ ...malformedMessage(type, message.data, error), id: place }];
  }
  return readMessages(NATS, type, { headers, body: message.data, place }, Date.now());
}

function* headersOf(head: MsgHdrs | undefined): Iterable<readonly [string, string]> {
  for (const [name, [value = ""]] of head ?? []) yield [name, value];
}
