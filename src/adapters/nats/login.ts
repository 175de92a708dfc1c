import { credsAuthenticator, type NodeConnectionOptions } from "@nats-io/transport-node";

/** The options of a connection with the contents of a `.creds` file: the user's JWT and seed. */
export function credentialsOf(contents: string): Pick<NodeConnectionOptions, "authenticator"> {
  return { authenticator: credsAuthenticator(new TextEncoder().encode(contents)) };
}
