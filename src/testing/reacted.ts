import { type Duration, parseDuration } from "../contract/duration.ts";
import type { Fact } from "../contract/event.ts";
import type { Disposition, JournalRecord } from "../ports/journal.ts";
import { contractsEmitted } from "./hears.ts";
import { handlerNotReturned } from "./not-returned.ts";
import type { Player } from "./player.ts";
import type { Rehearsal } from "./rehearsal.ts";

/** What one reaction did with one event. */
export interface ReactionResult {
  /** The name of the reaction. */
  readonly reaction: string;
  /** What became of the delivery: `done`, `refused`, `undone`, `suppressed`, `late` and others. */
  readonly disposition: Disposition;
  /** The effect that was done or undone. */
  readonly effect: string | undefined;
  /** What it emitted. */
  readonly emitted: readonly Fact[];
}

/** What `Reacted` looks at. */
interface ReactedParts<Native> {
  readonly rehearsal: Rehearsal<Native>;
  readonly player: Player<Native>;
  readonly sagaId: string;
}

/** What a service did with an event, and its rows afterwards. */
export class Reacted<Native> implements AsyncDisposable {
  /** What each reaction did that hears the event. */
  readonly reactions: readonly ReactionResult[];
  readonly #parts: ReactedParts<Native>;

  private constructor(reactions: readonly ReactionResult[], parts: ReactedParts<Native>) {
    this.reactions = reactions;
    this.#parts = parts;
  }

  /** What has happened since the journal was as it was `seen`. */
  static async since<Native>(
    seen: readonly JournalRecord[],
    parts: ReactedParts<Native>,
  ): Promise<Reacted<Native>> {
    const last = seen.reduce((highest, { seq }) => Math.max(highest, seq), 0);
    const records = await parts.player.journal(parts.sagaId);
    const news = records.filter(({ seq }) => seq > last);
    return new Reacted(news.map(describer(parts)), parts);
  }

  /** What became of the event, by the first reaction that hears it; undefined if nothing did. */
  get disposition(): Disposition | undefined {
    return this.reactions[0]?.disposition;
  }

  /** The effect that was done or undone, by the first reaction. */
  get effect(): string | undefined {
    return this.reactions[0]?.effect;
  }

  /** What all reactions emitted. */
  get emitted(): readonly Fact[] {
    return this.reactions.flatMap(({ emitted }) => emitted);
  }

  /**
   * Reads the rows of the service, in a transaction of its store. Rejects with
   * `STATEMENT_NOT_AWAITED` as `when` does: rows are missing then.
   */
  async rows<T>(read: (tx: Native) => T | Promise<T>): Promise<T> {
    this.#parts.rehearsal.checkStrays();
    return this.#parts.player.rows(read);
  }

  /**
   * Lets time pass. Resolves to what has happened in it, such as a deadline. Rejects with
   * `HANDLER_TIMEOUT` and `STATEMENT_NOT_AWAITED` as `when` does.
   */
  async after(duration: Duration): Promise<Reacted<Native>> {
    const { rehearsal, player, sagaId } = this.#parts;
    const seen = await player.journal(sagaId);
    await rehearsal.advance(parseDuration(duration));
    if (rehearsal.stuck.length > 0)
      throw handlerNotReturned(`A handler of ${player.name} has not returned.`);
    rehearsal.checkStrays();
    return Reacted.since(seen, this.#parts);
  }

  /** Stops the service. Needed only where its store holds connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.rehearsal[Symbol.asyncDispose]();
  }
}

function describer<Native>({ rehearsal, player }: ReactedParts<Native>) {
  const contracts = contractsEmitted(player.service);
  const factOf = (id: string, type: string): readonly Fact[] => {
    const event = rehearsal.post.events.find((one) => one.id === id && one.type === type);
    const contract = contracts.get(type);
    if (event === undefined || contract === undefined) return [];
    const { subject } = event;
    return [contract.from(event.data, subject === undefined ? {} : { subject })];
  };
  return ({ reaction, disposition, effect, emitted }: JournalRecord): ReactionResult => ({
    reaction,
    disposition,
    effect,
    emitted: emitted.flatMap(({ id, type }) => factOf(id, type)),
  });
}
