import type { Manifest } from "./manifest.ts";

/** Names a manifest and the file that it came from. */
export interface Source {
  readonly manifest: Manifest;
  readonly from: string;
  /** Of an overlay: the other names that it gives. */
  readonly names?: ReadonlyMap<string, string>;
}

/** Describes two statements of manifests that exclude each other. */
export interface Contradiction {
  /**
   * `LINKS_UNKNOWN` if the links of a service name what its document lacks, `LINKS_INCOMPLETE` if
   * they leave out what its document has.
   */
  readonly code: "CONTRADICTION" | "LINKS_UNKNOWN" | "LINKS_INCOMPLETE";
  readonly message: string;
  readonly event: string | undefined;
  readonly service: string | undefined;
}
