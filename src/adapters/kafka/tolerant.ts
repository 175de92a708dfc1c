import type { Admin, Consumer, Producer } from "@platformatic/kafka";

type Client = Admin | Consumer | Producer<string, string, string, string>;

/**
 * Listens to errors of the client's connections. One that a broker closes in the middle of a login
 * reports a second error, to which the client itself listens no more: it would end the process.
 */
export function tolerant<C extends Client>(client: C): C {
  const listen = ({ connection }: { readonly connection: Failing }) =>
    connection.on("error", () => {});
  client.on("client:broker:connect", listen);
  client.on("client:broker:failed", listen);
  return client;
}

/** The part of a connection that reports errors. */
interface Failing {
  on(event: "error", listener: () => void): unknown;
}
