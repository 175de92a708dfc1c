import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../support/command.ts";
import { installPacked, ran } from "../support/packed.ts";

const PAGE = readFileSync(join(ROOT, "docs", "how-to", "commonjs.md"), "utf8");
let packed: ReturnType<typeof installPacked>;
beforeAll(() => {
  packed = installPacked();
}, 120_000);
afterAll(() => packed.remove());

function node(program: string) {
  writeFileSync(join(packed.project, "program.cjs"), program);
  return ran(process.execPath, ["program.cjs"], packed.project);
}

function compile(module: string, source: string) {
  writeFileSync(join(packed.project, "program.ts"), source);
  const flags = ["--noEmit", "--skipLibCheck", "--target", "es2022", "--types", ""];
  return ran("tsc", [...flags, "--module", module, "program.ts"], packed.project);
}

describe("the packed package in a CommonJS project", () => {
  it("require() loads it, without a warning", () => {
    expect(node(`console.log(typeof require("odori").service)`)).toEqual({
      status: 0,
      out: "function\n",
    });
  });

  it("require() loads every entry that needs no client", () => {
    const clients = ["./postgres", "./nats", "./rabbitmq", "./kafka", "./otel"];
    const program = `
      const names = Object.keys(require("odori/package.json").exports);
      for (const name of names.filter((name) => !${JSON.stringify(clients)}.includes(name)))
        if (Object.keys(require("odori" + name.slice(1))).length === 0) console.log(name);
    `;
    expect(node(`process.removeAllListeners("warning");${program}`)).toEqual({
      status: 0,
      out: "",
    });
  });

  it("a missing client is named", () => {
    const { status, out } = node(`require("odori/postgres")`);
    expect(status).toBe(1);
    expect(out).toContain("Cannot find package 'pg'");
    expect(PAGE).toContain("Cannot find package 'pg'");
  });

  it("TypeScript compiles an import with the settings that the page recommends", () => {
    for (const module of ["nodenext", "node20"]) {
      expect(PAGE).toContain(`"module": "${module}"`);
      expect(compile(module, `import { service } from "odori"; service("a");`)).toEqual({
        status: 0,
        out: "",
      });
    }
  });

  it("TypeScript refuses it under node16, with the message that the page explains", () => {
    const refused = compile("node16", `import { service } from "odori"; service("a");`);
    expect(refused.status).not.toBe(0);
    const [, message = ""] =
      /error (TS1479: The current file is a CommonJS module)/.exec(refused.out) ?? [];
    expect(message).not.toBe("");
    expect(PAGE).toContain(message);
  });

  it("the page's way around it under node16 compiles", () => {
    const [, source = ""] = /```ts\n(import type[\s\S]*?)```/.exec(PAGE) ?? [];
    expect(source).not.toBe("");
    expect(compile("node16", source)).toEqual({ status: 0, out: "" });
  });
});
