import type { DeferredState } from "./deferred.ts";

/** A declaration of the service, as one of its versions has put it into the store. */
export interface StoredDeclaration {
  /** Identifies the manifest. */
  readonly fingerprint: string;
  readonly manifest: string;
  /** When it was first put: milliseconds since 1970, on the database's clock. */
  readonly firstAt: number;
  /** When it was last put: milliseconds since 1970, on the database's clock. */
  readonly lastAt: number;
}

/** The declarations that versions of the service have run with. */
export interface Declarations {
  /** Every declaration, the one that was put last first. */
  all(): Promise<readonly StoredDeclaration[]>;
  /** Inserts a declaration; of a known fingerprint, only `lastAt` changes. */
  put(declaration: Pick<StoredDeclaration, "fingerprint" | "manifest">): Promise<void>;
}

/** How much of one kind a store holds. */
export type CensusRow = DeferredCount | MarkCount;

/** Deferred deliveries of one type, at one reaction, in one state. */
export interface DeferredCount {
  readonly kind: "deferred";
  /** The name of the reaction or deadline. */
  readonly name: string;
  /** The type of the events. */
  readonly type: string;
  readonly state: DeferredState;
  readonly count: number;
  /** When the newest was deferred: milliseconds since 1970, on the database's clock. */
  readonly newestAt: number;
}

/** Sagas that have one mark in one state. */
export interface MarkCount {
  readonly kind: "mark";
  readonly name: string;
  readonly state: string;
  readonly count: number;
  /** When the newest was last written to: milliseconds since 1970, on the database's clock. */
  readonly newestAt: number;
}
