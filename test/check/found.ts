import { check } from "../../src/check/check.ts";
import type { Finding } from "../../src/check/finding.ts";
import { toManifest } from "../../src/manifest/read.ts";
import { BROKEN } from "./broken.ts";
import type { Raw } from "./parts.ts";

export function broken(name: string): Raw {
  const found = BROKEN.find((entry) => entry.name === name);
  if (found === undefined) throw new Error(`no case ${name}`);
  return found.manifest;
}

export function findingsOf(manifest: Raw, code: string): readonly Finding[] {
  return check(toManifest(manifest)).findings.filter((finding) => finding.code === code);
}
