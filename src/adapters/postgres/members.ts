import { randomUUID } from "node:crypto";
import type { SeenMember } from "../../adapter/roster.ts";
import type { Opened, Session } from "../../ports/store.ts";
import { type EarlierId, isDue } from "./earlier-ids.ts";
import { Lookout } from "./lookout.ts";
import type { SqlRow } from "./native.ts";
import type { PostgresOptions } from "./options.ts";
import { Presence, type PresenceLink, type PresenceValues } from "./presence.ts";
import type { Statement } from "./sql.ts";
import type { Statements } from "./statements.ts";

/** What one look at the other processes has found. */
export interface PostgresLook {
  /** Those that are dead, and are not known to be. */
  readonly dead: readonly SeenMember[];
  /** Whether the lock of one is free: it may have died. */
  readonly freed: boolean;
  /** Whether another process has found this one dead. */
  readonly lost: boolean;
}

/** This process among the others that use the schema. */
export class PostgresMembers {
  readonly #session: Session;
  readonly #statements: Statements;
  readonly #presence: Presence;
  readonly #lookout = new Lookout();
  /** How often this process was found dead, as far as it knows; undefined: it has not joined. */
  #deaths: number | undefined;
  #lost = false;
  /** Ids that this process had before, and under which it may have claimed rows. */
  #renounced: EarlierId[] = [];
  /** Identifies this process in claims. */
  owner: string;

  constructor(session: Session, options: PostgresOptions, statements: Statements) {
    this.#session = session;
    this.#statements = statements;
    this.#presence = new Presence(options, () => this.#beatAgain());
    this.owner = session.owner;
  }

  /** Joins the others. */
  async join(): Promise<Opened["others"]> {
    await this.beat();
    const [row] = await this.#run(this.#statements.others, [this.owner]);
    const others = row?.others;
    return others === "died" || others === "running" ? others : "none";
  }

  /** Says that this process lives. */
  async beat(): Promise<void> {
    const { owner } = this;
    const { leaseMs } = this.#session;
    const earlier = this.#renounced.map((one) => one.owner);
    if (earlier.length > 0)
      await this.#run(this.#statements.beatAs, ({ key, server }) => [
        ...[JSON.stringify(earlier), leaseMs, key, server],
      ]);
    // A row that a crash has taken back would look as if another process had deleted it.
    const lasts = this.#deaths === undefined;
    const values = ({ key, server }: PresenceLink) => [owner, leaseMs, key, server];
    const [row] = await this.#run(this.#statements.beat, values, { lasts });
    if (owner !== this.owner) return;
    const deaths = Number(row?.deaths);
    this.#lost ||= this.#deaths !== undefined && (row?.joined === true || deaths !== this.#deaths);
    this.#deaths = deaths;
  }

  /** Takes what `peek` has found. */
  async look(row: SqlRow | undefined): Promise<PostgresLook> {
    if (row?.alive !== true) await this.beat();
    const { dead, freed } = this.#lookout.look(row, this.#session.leaseMs, this.#presence);
    const lost = this.#lost;
    this.#lost = false;
    return { dead, freed, lost };
  }

  /**
   * Changes the owner id, after a reply was lost that may have told of claimed rows. What is under
   * the old id is free after a moment, also for this process.
   */
  renounce(): void {
    this.#renounced.push({ owner: this.owner, at: performance.now() });
    this.owner = randomUUID();
    this.#deaths = undefined;
    this.#beatAgain();
  }

  /** Gives back what is under earlier ids. Deliveries have not been attempted under them. */
  async giveBack(): Promise<void> {
    for (const one of this.#renounced) {
      const { owner } = one;
      await this.#run(this.#statements.giveBack, [owner]);
      if (!isDue(one, this.#session.leaseMs)) continue;
      await this.#run(this.#statements.leave, [owner]);
      this.#renounced = this.#renounced.filter((one) => one.owner !== owner);
    }
  }

  /** Leaves the others, with all that this process holds. */
  async leave(): Promise<void> {
    for (const { owner } of [...this.#renounced, this]) {
      await this.#run(this.#statements.giveBack, [owner]);
      await this.#run(this.#statements.leave, [owner]);
    }
  }

  close(): Promise<void> {
    return this.#presence.close();
  }

  /** The next beat says it if this one fails. */
  #beatAgain(): void {
    this.beat().catch(() => {});
  }

  #run(
    { text }: Statement,
    values: PresenceValues | ((held: PresenceLink) => PresenceValues),
    options?: { readonly lasts: boolean },
  ): Promise<readonly SqlRow[]> {
    return this.#presence.run(text, values, options);
  }
}
