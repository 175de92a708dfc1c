import { type Channel, Connection } from "rabbitmq-client";

/**
 * A connection whose consumers get bodies as they were sent. The client parses a body of the type
 * `application/json`, unless it has an encoding: numbers would change, and broken UTF-8 would pass.
 */
export class VerbatimConnection extends Connection {
  override async acquire(...options: Parameters<Connection["acquire"]>): Promise<Channel> {
    const channel = await super.acquire(...options);
    const onHeader: unknown = Reflect.get(channel, "_onHeader");
    if (typeof onHeader === "function")
      Reflect.set(channel, "_onHeader", (frame: HeaderFrame) => {
        frame.fields.contentEncoding ??= "identity";
        Reflect.apply(onHeader, channel, [frame]);
      });
    return channel;
  }
}

/** What the client has read before the body. */
interface HeaderFrame {
  readonly fields: { contentEncoding?: string };
}
