import { errorsWithin, tlsFaultIn } from "../../adapter/connection-fault.ts";
import { speaksTls } from "../../adapter/tls-probe.ts";
import { codeOf, messageOf, OdoriError } from "../../contract/errors.ts";
import { busRefusesConnection, type ConnectionFault } from "../../ports/connection.ts";
import { busUnavailable } from "../../ports/errors.ts";
import type { KafkaSettings } from "./options.ts";

/**
 * Whether an error of a broker is, or contains, the one with this name (`TOPIC_ALREADY_EXISTS`).
 * The client nests the errors of several brokers and topics.
 */
export function hasCode(error: unknown, name: string): boolean {
  if (!(error instanceof Error)) return false;
  if ("apiId" in error && error.apiId === name) return true;
  const inner = error instanceof AggregateError ? error.errors : [];
  return [...inner, error.cause].some((one) => hasCode(one, name));
}

/** What the client says of a broker that hangs up. */
const CLOSED = "Connection closed";
/** What the client says where no mechanism is left, or the broker hangs up before it lists them. */
const NO_MECHANISM = "Cannot find a suitable SASL mechanism.";

/** Whether each attempt has ended with a broker that hung up without a reply. */
export function isHungUp(error: unknown): boolean {
  const ends = errorsWithin(error).filter((one) => errorsWithin(one).length === 1);
  return ends.length > 0 && ends.every(({ message }) => message === CLOSED);
}

/**
 * Returns why the connection is refused, and an error whose message says so: the client itself says
 * only that it has failed several times.
 */
function refusalOf(
  error: unknown,
  { sasl }: Pick<KafkaSettings, "sasl">,
): readonly [ConnectionFault, Error] | undefined {
  const all = errorsWithin(error);
  const because = (text: string) => new Error(text, { cause: error });
  if (all.some(({ message }) => message === "Broker requires TLS."))
    return ["TLS_MISMATCH", because("it asks for TLS (option tls)")];
  const tls = tlsFaultIn(error);
  if (tls !== undefined)
    return [tls.fault, because(`TLS fails (option tls): ${messageOf(tls.error)}`)];
  // A broker that has just died hangs up as well.
  if (isHungUp(error)) return undefined;
  if (all.some(({ message }) => message === NO_MECHANISM))
    return ["LOGIN_REFUSED", because(`it does not offer ${sasl?.mechanism} (option sasl)`)];
  if (all.some((one) => codeOf(one) === "PLT_KFK_AUTHENTICATION"))
    return ["LOGIN_REFUSED", because("it refuses the user or the password (option sasl)")];
  return undefined;
}

/** Translates an error of a connection. */
export function explainConnection(error: unknown, settings: KafkaSettings): OdoriError {
  if (error instanceof OdoriError) return error;
  const place = settings.brokers.join(", ");
  const refusal = refusalOf(error, settings);
  if (refusal !== undefined) return busRefusesConnection(refusal[0], place, refusal[1]);
  const last = errorsWithin(error).at(-1);
  const cause =
    last === undefined || last === error ? error : new Error(last.message, { cause: error });
  return busUnavailable(place, cause);
}

/**
 * The same, for a connection that was just opened, several times. A broker hangs up in silence on a
 * client without TLS, without a login, or without a certificate, if it asks for one.
 */
export async function examineConnection(
  error: unknown,
  settings: KafkaSettings,
): Promise<OdoriError> {
  const { brokers, tls, sasl } = settings;
  if (error instanceof OdoriError || !isHungUp(error)) return explainConnection(error, settings);
  const refused = (fault: ConnectionFault, text: string) =>
    busRefusesConnection(fault, brokers.join(", "), new Error(text, { cause: error }));
  if (tls === undefined && (await speaksTls(brokers[0] ?? "", KAFKA_PORT)))
    return refused("TLS_MISMATCH", "it asks for TLS (option tls)");
  if (sasl !== undefined) return explainConnection(error, settings);
  const asked = "a user (option sasl) or a client's certificate (option tls)";
  return refused("LOGIN_REFUSED", `it hangs up without a reply; it asks for ${asked}`);
}

const KAFKA_PORT = 9_092;

const FORBIDDEN = [
  "TOPIC_AUTHORIZATION_FAILED",
  "GROUP_AUTHORIZATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
];

/** Whether the broker denied the operation to this user. */
export function isForbidden(error: unknown): boolean {
  return FORBIDDEN.some((name) => hasCode(error, name));
}

const TOO_LARGE = ["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"];

/** Whether the broker refused a message because of its size. */
export function isTooLarge(error: unknown): boolean {
  return TOO_LARGE.some((name) => hasCode(error, name));
}

const MESSAGE_FAULTS = [
  ...TOO_LARGE,
  "INVALID_RECORD",
  "INVALID_TOPIC_EXCEPTION",
  "POLICY_VIOLATION",
  "UNKNOWN_TOPIC_OR_PARTITION",
];

/** Whether the broker refused one of the messages, so that the others may pass without it. */
export function isMessagesFault(error: unknown): boolean {
  return isForbidden(error) || MESSAGE_FAULTS.some((name) => hasCode(error, name));
}
