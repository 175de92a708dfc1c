import { redeliveryPauseMs } from "../../adapter/backoff.ts";
import { OdoriError } from "../../contract/errors.ts";
import type { Deliver, Incoming, SubscribeOptions, Subscription } from "../../ports/bus.ts";
import type { Environment } from "../../ports/environment.ts";
import type { Publication } from "./publication.ts";

interface Message {
  readonly incoming: Incoming;
  failures: number;
  readonly publication: Publication;
  /** The event's index in its publication. */
  readonly index: number;
}

interface Member {
  readonly deliver: Deliver;
  readonly inFlightMax: number;
  inFlight: number;
  open: boolean;
  drained: () => void;
  readonly onLost: (error: OdoriError) => void;
}

/** The members of one service, and the messages for which they compete. */
export class Group {
  readonly name: string;
  readonly #environment: Environment;
  /** What the group hears; undefined until its first member has subscribed. */
  #topics: ReadonlySet<string> | undefined;
  #members: Member[] = [];
  #queue: Message[] = [];
  /** Index of the queue's first message: `shift` of an array of thousands is slow. */
  #head = 0;
  #turn = 0;
  /** Messages without a result: in the queue, in flight, or to be delivered again. */
  #open = 0;

  constructor(name: string, environment: Environment) {
    this.name = name;
    this.#environment = environment;
  }

  get away(): boolean {
    return this.#members.length === 0;
  }

  hears(topic: string): boolean {
    return this.#topics?.has(topic) ?? false;
  }

  /** Whether the group would lose an event that is published now. */
  misses(topic: string): boolean {
    return this.away && (this.#topics?.has(topic) ?? true);
  }

  /** Delivers to a member, now or once there is room, and reports the result. */
  deliver(incoming: Incoming, publication: Publication, index: number): void {
    this.#open++;
    this.#queue.push({ incoming, failures: 0, publication, index });
    this.#pump();
  }

  join(options: SubscribeOptions, deliver: Deliver): Subscription {
    const { topics, inFlightMax, onLost = () => {} } = options;
    const member: Member = {
      deliver,
      inFlightMax,
      inFlight: 0,
      open: true,
      drained: () => {},
      onLost,
    };
    this.#topics = new Set([...(this.#topics ?? []), ...topics]);
    this.#members.push(member);
    this.#pump();
    return { backlog: async () => this.#open, close: () => this.#leave(member) };
  }

  /** Tells the members that the bus is closed. */
  end(error: OdoriError): void {
    this.abandon(error);
    for (const member of this.#members) member.onLost(error);
  }

  /** Refuses the messages that no member has taken. */
  abandon(error: OdoriError): void {
    const waiting = this.#queue.slice(this.#head);
    this.#queue = [];
    this.#head = 0;
    for (const message of waiting) this.#refuse(message, error);
  }

  async #leave(member: Member): Promise<void> {
    if (!member.open) return;
    member.open = false;
    this.#members = this.#members.filter((other) => other !== member);
    if (member.inFlight > 0) await new Promise<void>((resolve) => (member.drained = resolve));
    if (this.away)
      this.abandon(
        new OdoriError("GROUP_AWAY", `The last member of the group ${this.name} has left.`),
      );
  }

  #pump(): void {
    while (this.#head < this.#queue.length) {
      const member = this.#free();
      if (member === undefined) break;
      const message = this.#queue[this.#head++];
      if (message !== undefined) this.#hand(message, member);
    }
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    } else if (this.#head > 1_024 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Returns the next member, round robin, with room for one more delivery. */
  #free(): Member | undefined {
    for (let tried = 0; tried < this.#members.length; tried++) {
      const member = this.#members[this.#turn++ % this.#members.length];
      if (member !== undefined && member.inFlight < member.inFlightMax) return member;
    }
    return undefined;
  }

  #hand(message: Message, member: Member): void {
    member.inFlight++;
    member.deliver(message.incoming).then(
      () => {
        this.#settled(member);
        this.#open--;
        message.publication.acknowledged();
      },
      (error: unknown) => {
        this.#settled(member);
        this.#again(message, error);
      },
    );
  }

  #settled(member: Member): void {
    member.inFlight--;
    if (member.open) this.#pump();
    else if (member.inFlight === 0) member.drained();
  }

  #refuse({ publication, index }: Message, error: unknown): void {
    this.#open--;
    publication.refused(index, error);
  }

  #again(message: Message, error: unknown): void {
    if (this.away) {
      this.#refuse(message, error);
      return;
    }
    message.failures++;
    this.#environment.timer(redeliveryPauseMs(message.failures), () => {
      if (this.away) this.#refuse(message, error);
      else {
        this.#queue.push(message);
        this.#pump();
      }
    });
  }
}
