import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { OdoriError } from "odori";
import { describe, expect, it, vi } from "vitest";
import { readAsyncApi } from "../../src/asyncapi/read.ts";
import { isAsyncApi2, loadConverter } from "../../src/cli/converter.ts";
import { odori, ROOT } from "../support/command.ts";
import { temporaryFolder } from "../support/scope.ts";

/* AsyncAPI 2, through the official converter. It is found from the working folder. */

const FOLDER = join(ROOT, "test", "cli", "foreign");

/** A project that has installed the converter. */
function project() {
  const folder = temporaryFolder("converter");
  cpSync(FOLDER, folder.path, { recursive: true });
  symlinkSync(join(ROOT, "test", "oracles", "node_modules"), join(folder.path, "node_modules"));
  return folder;
}

async function converted(document: unknown) {
  vi.spyOn(process, "cwd").mockReturnValue(join(ROOT, "test", "oracles"));
  const convert = await loadConverter();
  const nowhere = () => {
    throw new OdoriError("FILE_UNREADABLE", "It refers to no other document.");
  };
  return readAsyncApi(convert(document, "x.yaml"), "x.yaml", nowhere);
}

const two = (channels: object, more: object = {}) => ({
  asyncapi: "2.6.0",
  info: { title: "Stock", version: "1" },
  channels,
  ...more,
});

describe("a document of AsyncAPI 2", { timeout: 240_000 }, () => {
  it("is read by every command: what others publish, the service hears", async () => {
    using folder = project();
    const { out, err } = await odori(["draw", "stock.yaml"], undefined, folder.path);
    expect(err).toBe("");
    expect(out).toContain("PaymentAuthorized  on shop.payments  from outside");
    expect(out).toContain("stock_service  (links unknown)");
  });

  it("takes part in a proof with documents of AsyncAPI 3", async () => {
    using folder = project();
    // The case's document of AsyncAPI 2 lacks what stock sends.
    const file = join(folder.path, "stock.yaml");
    const names = ["StockReserved", "StockSoldOut"];
    const oneOf = names.map((name) => `{ name: ${name}, payload: { type: object } }`).join(", ");
    const sends = `  shop.stock: { subscribe: { message: { oneOf: [ ${oneOf} ] } } }\n`;
    writeFileSync(file, `${readFileSync(file, "utf8").trimEnd()}\n${sends}`);
    const sources = ["order.yaml", "payment.yaml", "stock.yaml", "links-good.yaml"];
    const { out, status } = await odori(["check", ...sources], undefined, folder.path);
    expect(out).toContain("✓ every saga ends well");
    expect(status).toBe(0);
  });

  it("has the names that the document gives, never those that the converter makes up", async () => {
    const manifest = await converted(
      two(
        {
          named: { publish: { message: { name: "Named", payload: { type: "object" } } } },
          shared: { publish: { message: { $ref: "#/components/messages/Shared" } } },
          "no/name": { subscribe: { operationId: "tell", message: { payload: {} } } },
          several: { subscribe: { message: { oneOf: [{ name: "One" }, { messageId: "Two" }] } } },
        },
        { components: { messages: { Shared: { payload: { type: "object" } } } } },
      ),
    );
    expect([...manifest.events.keys()].sort()).toEqual([
      "Named",
      "One",
      "Shared",
      "Two",
      "no/name",
    ]);
    const [service] = manifest.services.values();
    expect(service?.reactions[0]).toMatchObject({
      hears: ["Named", "Shared"],
      emits: [[], ["no/name"], ["One"], ["Two"]],
    });
  });

  it.each([
    ["a channel in another file", two({ a: { $ref: "./a.yaml" } }), "bundle the document first"],
    ["a version that is not known", { ...two({}), asyncapi: "2.99.0" }, "Cannot convert from 2.99"],
    ["a server without a URL", two({}, { servers: { a: {} } }), "cannot be converted"],
  ])("%s is refused", async (_, document, message) => {
    await expect(converted(document)).rejects.toThrow(
      expect.objectContaining({
        code: "MANIFEST_INVALID",
        message: expect.stringContaining(message),
      }),
    );
  });

  it("what the converter warns of, with text of the document, is not printed", async () => {
    const warned = vi.spyOn(console, "warn");
    const schema = { type: "\u001b[2J" };
    await converted(two({ "a/{b}": { parameters: { b: { schema } }, publish: { message: {} } } }));
    expect(warned).not.toHaveBeenCalled();
    console.warn("still there");
    expect(warned).toHaveBeenCalledOnce();
  });

  it("in any form is read, or refused with a code, and changes no other object", async () => {
    const keys = ["publish", "subscribe", "message", "oneOf", "payload", "name", "$ref", "servers"];
    const json = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom<unknown>(null, 1, "", "#/channels/a", "#/components/messages/a", "x"),
        fc.array(tie("node"), { maxLength: 3 }),
        fc.dictionary(
          fc.constantFrom(...keys, "a", "messages", "url", "__proto__", "constructor"),
          tie("node"),
          { maxKeys: 4, noNullPrototype: true },
        ),
      ),
    })).node;
    const names = Object.getOwnPropertyNames(Object.prototype);
    await fc.assert(
      fc.asyncProperty(json, json, async (channels, components) => {
        const document = structuredClone({ ...two({}), channels, components });
        expect(isAsyncApi2(document)).toBe(true);
        try {
          await converted(document);
        } catch (error) {
          if (!(error instanceof OdoriError)) throw error;
        }
        expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(names);
      }),
      { numRuns: 500 },
    );
  });
});
