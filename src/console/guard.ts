import { hash, randomBytes } from "node:crypto";
import { tokenComparison } from "../web/token.ts";
import { ConsoleRefusal } from "./refusal.ts";

/** Who may ask the console. */
export interface GuardOptions {
  /** Names of hosts under which it may be asked, without ports. */
  readonly hosts: readonly string[];
  /** Undefined: every program that reaches it may read it. */
  readonly token: string | undefined;
  /** Path before those of the console; "" or one with a leading slash. */
  readonly base: string;
}

/** Browsers give a cookie to every port of a host: each token has a name of its own. */
const COOKIE = "odori_console";
const COOKIE_LETTERS = 8;
/** The header that no form and no other page can send without asking first, which is refused. */
const OWN_HEADER = "odori-console";
/** Sessions that are known at once: the oldest is forgotten. */
const SESSIONS_MAX = 1_000;
const SESSION_MS = 12 * 3_600_000;

/** Lets no request through that does not come from where it should. */
export class Guard {
  readonly #hosts: ReadonlySet<string>;
  readonly #isToken: ((given: string) => boolean) | undefined;
  readonly #path: string;
  readonly #cookie: string;
  /** By id: when it ends. */
  readonly #sessions = new Map<string, number>();

  constructor({ hosts, token, base }: GuardOptions) {
    this.#hosts = new Set(hosts.map((host) => host.toLowerCase()));
    this.#isToken = token === undefined ? undefined : tokenComparison(token);
    this.#path = `${base}/`;
    const name = hash("sha256", token ?? "", "hex").slice(0, COOKIE_LETTERS);
    this.#cookie = `${COOKIE}_${name}`;
  }

  /** Throws `HOST_REFUSED` for a name that a page of others may have given to this address. */
  checkHost(request: Request): void {
    if (!this.#hosts.has(hostnameOf(hostOf(request))))
      throw new ConsoleRefusal(421, "HOST_REFUSED", "The console is not asked under this name.");
  }

  /** Throws `TOKEN_REFUSED` for a request without a session, or the token itself. */
  checkSession(request: Request): void {
    if (this.#isToken === undefined) return;
    const [, bearer] = /^bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
    if (bearer !== undefined && this.#isToken(bearer)) return;
    const ends = this.#sessions.get(cookieOf(request, this.#cookie) ?? "");
    if (ends === undefined || ends < Date.now())
      throw new ConsoleRefusal(
        401,
        "TOKEN_REFUSED",
        "Open the address that the console has printed.",
      );
  }

  /** Throws `ORIGIN_REFUSED` for a write that our own page has not sent. */
  checkWrite(request: Request): void {
    const { headers } = request;
    const type = (headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
    const site = headers.get("sec-fetch-site");
    const sameSite = site === null || site === "same-origin";
    const sameOrigin = originHost(headers.get("origin")) === hostOf(request);
    if (type !== "application/json" || headers.get(OWN_HEADER) !== "1" || !sameSite || !sameOrigin)
      throw new ConsoleRefusal(403, "ORIGIN_REFUSED", "Writes come from the console's own page.");
  }

  /** Exchanges the token for a session. Returns its cookie. */
  open(request: Request, token: string): string {
    if (this.#isToken !== undefined && !this.#isToken(token))
      throw new ConsoleRefusal(401, "TOKEN_REFUSED", "The token is wrong.");
    const id = randomBytes(32).toString("base64url");
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size >= SESSIONS_MAX && oldest !== undefined) this.#sessions.delete(oldest);
    this.#sessions.set(id, Date.now() + SESSION_MS);
    const secure = request.headers.get("origin")?.startsWith("https:") ? "; Secure" : "";
    const age = `Max-Age=${SESSION_MS / 1_000}`;
    return `${this.#cookie}=${id}; HttpOnly; SameSite=Strict; Path=${this.#path}; ${age}${secure}`;
  }
}

/** The host that a request names, with its port. */
function hostOf(request: Request): string {
  return (request.headers.get("host") ?? new URL(request.url).host).toLowerCase();
}

function hostnameOf(host: string): string {
  return host.replace(/:\d+$/, "");
}

function originHost(origin: string | null): string | undefined {
  return origin !== null && URL.canParse(origin) ? new URL(origin).host : undefined;
}

function cookieOf(request: Request, name: string): string | undefined {
  const pairs = (request.headers.get("cookie") ?? "").split(";").map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** Headers of every reply. The page loads what it is made of, and asks this server: no more. */
export const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
    "require-trusted-types-for 'script'; trusted-types 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
};
