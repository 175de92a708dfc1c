import { existsSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { isBusy } from "./errors.ts";

/**
 * A lock that ends with its process, however that ends: SQLite's own, on an empty file beside the
 * database. Node has no other lock on files.
 */
export class MemberLock {
  /** Names the file: the path of the database with this behind it. */
  readonly name: string;
  readonly #path: string;
  readonly #database: DatabaseSync;

  /** Takes the lock of a process with this id. Throws the errors of SQLite. */
  constructor(path: string, owner: string) {
    this.name = `-live-${owner}`;
    this.#path = `${path}${this.name}`;
    this.#database = new DatabaseSync(this.#path);
    try {
      this.#database.exec("BEGIN EXCLUSIVE");
    } catch (error) {
      this.release();
      throw error;
    }
  }

  release(): void {
    this.#database.close();
    removeLock(this.#path);
  }
}

/** Tells whether the process lives that took a lock. */
export function isTaken(path: string, name: string): boolean {
  const file = `${path}${name}`;
  if (!existsSync(file)) return false;
  const database = new DatabaseSync(file);
  try {
    database.exec("BEGIN EXCLUSIVE");
    return false;
  } catch (error) {
    // Where it cannot be told, the process lives as long as it beats.
    return isBusy(error) || existsSync(file);
  } finally {
    database.close();
  }
}

/** Removes the lock file of a dead process. */
export function removeLock(file: string): void {
  // On Windows it may be open elsewhere for a moment; then it stays.
  rmSync(file, { force: true, maxRetries: 2 });
}
