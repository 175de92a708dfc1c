import { http } from "odori/http";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import {
  secretKey,
  signatureHeaders,
  signatureProblem,
} from "../../src/adapters/http/signature.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";
const BODY = '{"id":"1","text":"ünïcode 日本"}';
const NOW = Date.parse("2026-01-02T03:04:05Z");
const keys = (...secrets: readonly string[]) => secrets.map(secretKey);

function problem(
  given: Readonly<Record<string, string>>,
  { secrets = [SECRET], body = BODY, now = NOW } = {},
): string | undefined {
  return signatureProblem(keys(...secrets), new Headers(given), Buffer.from(body), now);
}

function foreign(id = "msg_p5jXN8AQM9LWM0D4loKWxJek", secret = SECRET, at = NOW) {
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at / 1000)),
    "webhook-signature": new Webhook(secret).sign(id, new Date(at), BODY),
  };
}

describe("signatures of Standard Webhooks", () => {
  it("the example of the specification", () => {
    const id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const headers = {
      "webhook-id": id,
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };
    const at = { body: '{"test": 2432232314}', now: 1_614_265_330_000 };
    expect(problem(headers, at)).toBe(undefined);
  });

  it("the library reads what we sign, and we read what it signs", () => {
    const now = Date.now();
    const ours = signatureHeaders(keys(SECRET), BODY, now);
    expect(new Webhook(SECRET).verify(BODY, { ...ours })).toEqual(JSON.parse(BODY));
    expect(problem(foreign())).toBe(undefined);
  });

  it("an event that is sent again has the same id", () => {
    const ids = [NOW, NOW + 60_000].map((at) => signatureHeaders(keys(SECRET), BODY, at));
    expect(ids[0]?.["webhook-id"]).toBe(ids[1]?.["webhook-id"]);
    expect(signatureHeaders(keys(SECRET), "{}", NOW)["webhook-id"]).not.toBe(
      ids[0]?.["webhook-id"],
    );
  });

  it("rotation: any of the receiver's secrets, any of the sender's", () => {
    const both = signatureHeaders(keys(OTHER, SECRET), BODY, NOW);
    expect(both["webhook-signature"]?.split(" ")).toHaveLength(2);
    expect(problem(both)).toBe(undefined);
    expect(problem(both, { secrets: [OTHER] })).toBe(undefined);
    expect(problem(foreign(), { secrets: [OTHER, SECRET] })).toBe(undefined);
    expect(problem(foreign(), { secrets: [OTHER] })).toMatch("no secret");
  });

  it.each([
    ["the body", foreign(), { body: BODY.replace("1", "2") }],
    ["the id", { ...foreign(), "webhook-id": "msg_other" }, {}],
    ["the time", { ...foreign(), "webhook-timestamp": String(NOW / 1000 + 1) }, {}],
    ["a dot moved from the id to the time", { ...foreign("a.1"), "webhook-id": "a" }, {}],
    ["an unknown version", { ...foreign(), "webhook-signature": "v2,AAAA" }, {}],
    ["a signature cut short", { ...foreign(), "webhook-signature": "v1,AAAA v1, x" }, {}],
  ])("%s is covered", (_what, headers, change) => {
    expect(problem(headers, change)).toMatch("no secret");
  });

  it.each(["webhook-id", "webhook-timestamp", "webhook-signature"])("%s is needed", (name) => {
    const rest = Object.entries(foreign()).filter(([header]) => header !== name);
    expect(problem(Object.fromEntries(rest))).toMatch("unsigned");
  });

  it.each(["", "-1", "1e9", "1614265330.5", " 1", "9".repeat(13)])(
    "the time %j is none",
    (time) => {
      expect(problem({ ...foreign(), "webhook-timestamp": time })).toMatch(/unsigned|seconds/);
    },
  );

  it("five minutes, in both directions", () => {
    const at = (seconds: number) => problem(foreign(), { now: NOW + seconds * 1000 });
    expect([at(299), at(-299)]).toEqual([undefined, undefined]);
    expect([at(301), at(-301)]).toEqual([
      expect.stringMatching("more than 300 seconds"),
      expect.stringMatching("more than 300 seconds"),
    ]);
  });

  it.each(["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=", "whsec_-_*"])(
    "the secret %j is refused, and not shown",
    (secret) => {
      const refused = () => http({ receive: { secrets: [secret] } });
      expect(refused).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
      if (secret.length > 6) expect(refused).not.toThrow(secret);
    },
  );
});

describe("options of http", () => {
  const url = "https://shipping.example/events";
  const hears = ["order.placed.v1"];
  it.each([
    ["no secret, and not unsigned", { receive: {} }],
    ["a secret, and unsigned", { receive: { secrets: [SECRET], unsigned: true } }],
    [
      "binary mode with a secret",
      { subscribers: [{ url, hears, mode: "binary" as const, secrets: [SECRET] }] },
    ],
    ["another protocol", { subscribers: [{ url: "ftp://shipping.example/", hears }] }],
    [
      "a URL with a password",
      { subscribers: [{ url: "https://me:pass@shipping.example", hears }] },
    ],
    ["no URL", { subscribers: [{ url: "shipping", hears }] }],
    ["a header that cannot be sent", { subscribers: [{ url, hears, headers: { a: "日本" } }] }],
    ["no time", { timeoutMs: 0 }],
  ])("%s is refused", (_what, options) => {
    const refused = () => http(options);
    expect(refused).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
    expect(refused).not.toThrow("pass");
  });

  it("a type is written out", () => {
    const of = (type: string) => () => http({ subscribers: [{ url, hears: [type] }] });
    expect(of("order.placed")).toThrow(expect.objectContaining({ code: "NAME_GRAMMAR" }));
    expect(of("order.*")).toThrow(expect.objectContaining({ code: "NAME_GRAMMAR" }));
  });
});
