import { readdirSync, readFileSync } from "node:fs";
import { validate } from "dockerfile-utils";
import { Deployment } from "kubernetes-models/apps/v1";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1";
import { Service } from "kubernetes-models/v1";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";

const TEMPLATES = new URL("../../templates/", import.meta.url);
const FILE = readFileSync(new URL("postgres-nats/kubernetes.yaml", TEMPLATES), "utf8");
const documents: readonly Record<string, unknown>[] = parseAllDocuments(FILE).map((document) => {
  expect(document.errors).toEqual([]);
  return document.toJS();
});
const KINDS = { Deployment, PodDisruptionBudget, Service };

function ofKind(kind: keyof typeof KINDS) {
  return documents.filter((document) => document.kind === kind);
}

describe("kubernetes.yaml of the template", () => {
  it("fits the schemas of Kubernetes", () => {
    for (const document of documents) {
      const kind = Object.entries(KINDS).find(([name]) => name === document.kind);
      if (kind === undefined) throw new Error(`No schema for ${document.kind}.`);
      const [, Kind] = kind;
      const object = new Kind(document);
      object.validate();
      expect(object.toJSON()).toEqual(document);
    }
    expect(ofKind("Deployment").length).toBe(3);
  });

  it("a mistake is found", () => {
    const wrong = JSON.stringify(ofKind("Deployment")[0]).replace('"replicas":2', '"replicas":"2"');
    expect(() => new Deployment(JSON.parse(wrong)).validate()).toThrow("replicas");
  });

  it("has a deployment for each service, which runs that service alone", () => {
    const deployed = ofKind("Deployment").map((document) => {
      const { metadata, spec } = new Deployment(document);
      const [container] = spec?.template.spec?.containers ?? [];
      return [metadata?.name, container?.env];
    });
    const services = ["order", "payment", "stock"];
    expect(deployed).toEqual(services.map((name) => [name, [{ name: "SERVICES", value: name }]]));
    expect(ofKind("PodDisruptionBudget").length).toBe(3);
  });

  it("gives a service the time that its stop may take", () => {
    const shop = readFileSync(new URL("saga/src/orders.ts", TEMPLATES), "utf8");
    const requestSeconds = Number(/timeout: "(\d+)s"/.exec(shop)?.[1]);
    // stop(): leaving the bus beside the relay, what is published, the database. See `drainMs`.
    const stopSeconds = 3 * 5;
    for (const document of ofKind("Deployment")) {
      const { spec } = new Deployment(document);
      const [container] = spec?.template.spec?.containers ?? [];
      const pause = container?.lifecycle?.preStop?.sleep?.seconds;
      const grace = spec?.template.spec?.terminationGracePeriodSeconds ?? 0;
      expect(grace).toBeGreaterThan(requestSeconds + stopSeconds + (pause ?? Number.NaN));
    }
  });
});

describe("a Dockerfile of the templates", () => {
  const found = readdirSync(TEMPLATES, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith("Dockerfile"),
  );

  it.each(found)("%s has no mistakes, and runs Node itself, without root", (name) => {
    const text = readFileSync(new URL(name, TEMPLATES), "utf8");
    expect(validate(text).map(({ message, range }) => [range.start.line + 1, message])).toEqual([]);
    expect(text).toMatch(/\nUSER node\n/);
    expect(text).toMatch(/\nCMD \["node", "[^"]+\.(ts|js)"\]\n$/);
  });

  it("a mistake is found", () => {
    expect(found.length).toBe(2);
    expect(validate("FROM node\nCOPPY . .\n").length).toBe(1);
  });
});
