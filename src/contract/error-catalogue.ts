import { BUS_CODES } from "./codes/buses.ts";
import { COMMAND_CODES } from "./codes/command.ts";
import { CONNECTION_CODES } from "./codes/connections.ts";
import { CONSOLE_CODES } from "./codes/console.ts";
import { CONTRACT_CODES } from "./codes/contracts.ts";
import { DECLARATION_CODES } from "./codes/declarations.ts";
import type { ErrorEntry } from "./codes/entry.ts";
import { MESSAGE_CODES } from "./codes/messages.ts";
import { PARKED_CODES } from "./codes/parked.ts";
import { RUNNING_CODES } from "./codes/running.ts";
import { STORE_CODES } from "./codes/stores.ts";
import { TESTING_CODES } from "./codes/testing.ts";
import { WEB_CODES } from "./codes/web.ts";
import { DOCS_ADDRESS } from "./docs-address.ts";

/**
 * Every error code by the part of Odori that reports it: the headings of the reference. A code
 * never changes its meaning. `docs/reference/errors.md` is generated from here: `npm run docs`.
 */
export const ERROR_AREAS = {
  "Contracts and payloads": CONTRACT_CODES,
  Declarations: DECLARATION_CODES,
  "Messages from outside": MESSAGE_CODES,
  Running: RUNNING_CODES,
  "Parked deliveries": PARKED_CODES,
  Connections: CONNECTION_CODES,
  Stores: STORE_CODES,
  Buses: BUS_CODES,
  "Requests about services": WEB_CODES,
  "Requests to the console": CONSOLE_CODES,
  "The command": COMMAND_CODES,
  Tests: TESTING_CODES,
} as const satisfies Readonly<Record<string, Readonly<Record<string, ErrorEntry>>>>;

/** Every error code. */
export const ERRORS = {
  ...CONTRACT_CODES,
  ...DECLARATION_CODES,
  ...MESSAGE_CODES,
  ...RUNNING_CODES,
  ...PARKED_CODES,
  ...CONNECTION_CODES,
  ...STORE_CODES,
  ...BUS_CODES,
  ...WEB_CODES,
  ...CONSOLE_CODES,
  ...COMMAND_CODES,
  ...TESTING_CODES,
};

/** The stable code of an error; the catalogue says what each one means. */
export type ErrorCode = keyof typeof ERRORS;

/** Where the reference of the errors stands. */
export const ERRORS_ADDRESS = `${DOCS_ADDRESS}reference/errors.html`;

/** The address of one error's section in the reference. */
export function docsOf(code: ErrorCode): string {
  return `${ERRORS_ADDRESS}#${code.toLowerCase()}`;
}

/**
 * Whether a delivery that ends with this code is parked at once. Takes any text: programs without
 * types may make up codes.
 */
export function isFinal(code: string): boolean {
  const known: Readonly<Record<string, ErrorEntry>> = ERRORS;
  return known[code]?.delivery === "final";
}
