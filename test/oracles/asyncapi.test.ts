import { Parser } from "@asyncapi/parser";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import order from "../../examples/order/choreography.ts";
import { PROTOCOLS } from "../../src/asyncapi/bindings.ts";
import { readAsyncApi } from "../../src/asyncapi/read.ts";
import { toAsyncApi } from "../../src/asyncapi/write.ts";
import { manifestOf } from "../../src/manifest/from-code.ts";
import { mergeManifests } from "../../src/manifest/merge.ts";
import { readManifest, toManifest } from "../../src/manifest/read.ts";
import { writeManifest } from "../../src/manifest/write.ts";
import { BROKEN } from "../check/broken.ts";
import { randomManifest } from "../check/random.ts";
import { SOUND } from "../check/sound.ts";

const parser = new Parser();

async function complaints(document: unknown): Promise<readonly string[]> {
  const { document: parsed, diagnostics } = await parser.parse(JSON.stringify(document));
  // Severity 0 is an error, 1 a warning; the rest is taste.
  const told = diagnostics
    .filter(({ severity }) => severity <= 1)
    .map(({ message, path }) => `${path.join("/")}: ${message}`);
  return parsed === undefined ? ["not parsed", ...told] : told;
}

const nothing = () => {
  throw new Error("it refers to no other document");
};

describe("a written document", () => {
  const manifest = manifestOf(order);

  it.each(PROTOCOLS)(
    "is valid for @asyncapi/parser: the whole order saga over %s",
    async (protocol) => {
      expect(await complaints(toAsyncApi(manifest, { protocol }))).toEqual([]);
    },
  );

  it.each([...manifest.services.keys()])("is valid: the part of %s", async (service) => {
    expect(await complaints(toAsyncApi(manifest, { service }))).toEqual([]);
  });

  it("is valid for recursive schemas, and keeps them when read back", async () => {
    const schema = {
      $defs: {
        part: {
          type: "object",
          properties: { parts: { type: "array", items: { $ref: "#/$defs/part" } } },
        },
      },
      type: "object",
      properties: { id: { type: "string" }, part: { $ref: "#/$defs/part" } },
      required: ["id"],
    };
    const [first] = SOUND;
    const own = toManifest({
      ...first?.manifest,
      events: { "order.placed.v1": { schema, sensitive: ["id"], suppress: { NO_KEY: "why not" } } },
    });
    const document = toAsyncApi(own);
    expect(await complaints(document)).toEqual([]);
    expect(JSON.stringify(document)).toContain("#/components/schemas/order.placed.v1/$defs/part");
    expect(writeManifest(readAsyncApi(document, "x", nothing))).toBe(writeManifest(own));
  });

  it("has messages with a valid example, a fixed type, and a correlation id", async () => {
    const { document } = await parser.parse(
      JSON.stringify(toAsyncApi(manifest, { protocol: "kafka" })),
    );
    for (const message of document?.allMessages() ?? []) {
      expect(message.correlationId()?.location()).toBe("$message.header#/ce_correlationid");
      expect(message.headers()?.property("ce_type")?.const()).toBe(message.name());
      expect(message.examples().length).toBe(1);
    }
    expect(document?.allMessages().length).toBe(10);
  });
});

describe("reading back", () => {
  it("loses nothing", () => {
    const same = (manifest: ReturnType<typeof toManifest>) => {
      const text = JSON.stringify(toAsyncApi(manifest));
      expect(writeManifest(readAsyncApi(JSON.parse(text), "x", nothing))).toBe(
        writeManifest(manifest),
      );
    };
    for (const { manifest } of [...SOUND, ...BROKEN]) same(toManifest(manifest));
    same(manifestOf(order));
    fc.assert(fc.property(randomManifest(10), same), { numRuns: 100 });
  });

  it("merges the documents of the services to the whole", () => {
    const whole = manifestOf(order);
    const parts = [...whole.services.keys()].map((service) => ({
      from: service,
      manifest: readAsyncApi(toAsyncApi(whole, { service }), service, nothing),
    }));
    expect(writeManifest(mergeManifests(parts).manifest)).toBe(writeManifest(whole));
  });
});

describe("a foreign document", () => {
  const account = {
    asyncapi: "3.0.0",
    info: { title: "Account Service", version: "1.0.0" },
    channels: {
      userSignedUp: {
        address: "user/signedup",
        messages: {
          UserSignedUp: { payload: { type: "object", properties: { userId: { type: "string" } } } },
        },
      },
      mail: {
        address: "mail",
        messages: { Welcome: { $ref: "#/components/messages/Welcome" }, Bye: { name: "bye" } },
      },
    },
    operations: {
      hear: { action: "receive", channel: { $ref: "#/channels/userSignedUp" } },
      send: {
        action: "send",
        channel: { $ref: "#/channels/mail" },
        messages: [{ $ref: "#/channels/mail/messages/Welcome" }],
      },
    },
    components: {
      messages: {
        Welcome: {
          summary: "Hello.",
          headers: { type: "object", properties: { "ce-type": { const: "mail.welcomed.v1" } } },
        },
      },
    },
  };

  it("is read: messages are events, and their links are unknown", async () => {
    expect(await complaints(account)).toEqual([]);
    const manifest = readAsyncApi(account, "account.yaml", nothing);
    const service = manifest.services.get("account_service");
    expect(service?.unlinked).toBe(true);
    expect(service?.reactions[0]).toMatchObject({
      hears: ["UserSignedUp"],
      emits: [[], ["mail.welcomed.v1"]],
    });
    expect(manifest.events.get("mail.welcomed.v1")?.summary).toBe("Hello.");
    expect(manifest.events.get("UserSignedUp")?.address).toBe("user/signedup");
    expect(writeManifest(readManifest(writeManifest(manifest)))).toBe(writeManifest(manifest));
  });

  it("may refer to other local documents", () => {
    const { components, ...rest } = account;
    const split = {
      ...rest,
      channels: {
        ...account.channels,
        mail: {
          address: "mail",
          messages: { Welcome: { $ref: "./common.yaml#/messages/Welcome" } },
        },
      },
    };
    const load = (name: string) => ({
      file: name,
      value: name === "./common.yaml" ? components : undefined,
    });
    expect(
      readAsyncApi(split, "account.yaml", load).services.get("account_service")?.reactions[0]
        ?.emits,
    ).toEqual([[], ["mail.welcomed.v1"]]);
  });

  it.each([
    ["an older version", { asyncapi: "2.6.0" }, "only AsyncAPI 3"],
    [
      "a reference in a circle",
      {
        ...account,
        channels: { a: { $ref: "#/channels/a" } },
        operations: { x: { action: "send", channel: { $ref: "#/channels/a" } } },
      },
      "is circular",
    ],
    [
      "a reference to nowhere",
      { ...account, operations: { x: { action: "send", channel: { $ref: "#/channels/none" } } } },
      "has no target",
    ],
    [
      "a reference over the network",
      {
        ...account,
        operations: { x: { action: "send", channel: { $ref: "https://example.com/a.yaml#/b" } } },
      },
      "is a URL",
    ],
    ["an array", ["asyncapi"], "is not an object"],
  ])("%s is rejected", (_, document, message) => {
    expect(() => readAsyncApi(document, "account.yaml", nothing)).toThrow(message);
  });

  it("has no aliases in YAML", () => {
    expect(
      stringify(toAsyncApi(manifestOf(order)), { aliasDuplicateObjects: false }),
    ).not.toContain("*a1");
  });
});
