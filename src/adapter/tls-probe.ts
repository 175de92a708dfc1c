import { connect } from "node:tls";
import { codeOf } from "../contract/errors.ts";

const LIMIT_MS = 2_000;

/**
 * Asks the server at `host:port` whether it speaks TLS: one that does hangs up on a client that
 * does not, without a reason. Sends nothing but the handshake, so the certificate does not matter.
 */
export function speaksTls(address: string, defaultPort: number): Promise<boolean> {
  if (!URL.canParse(`tls://${address}`)) return Promise.resolve(false);
  const { hostname, port } = new URL(`tls://${address}`);
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const at = { host, port: port === "" ? defaultPort : Number(port) };
  return new Promise((resolve) => {
    const socket = connect({ ...at, rejectUnauthorized: false, timeout: LIMIT_MS });
    const answer = (speaks: boolean) => {
      resolve(speaks);
      socket.destroy();
    };
    socket.once("secureConnect", () => answer(true));
    socket.once("timeout", () => answer(false));
    socket.once("close", () => answer(false));
    // An alert is TLS too, such as of a server that asks for a certificate.
    socket.on("error", (error) => answer(codeOf(error).includes("ALERT")));
  });
}
