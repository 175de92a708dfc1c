import { setTimeout as pause } from "node:timers/promises";
import { redeliveryPauseMs } from "../../adapter/backoff.ts";
import { Semaphore } from "../../adapter/semaphore.ts";
import type { Deliver, Incoming, SubscribeOptions } from "../../ports/bus.ts";
import { UNREADABLE } from "./read.ts";

/** A member of a group in this process. */
export class Member {
  readonly #deliver: Deliver;
  readonly #semaphore: Semaphore;
  #open = true;

  constructor({ inFlightMax }: SubscribeOptions, deliver: Deliver) {
    this.#deliver = deliver;
    this.#semaphore = new Semaphore(inFlightMax);
  }

  /** Delivers once there is room; rejects if `signal` is aborted by then, or the member left. */
  async take(incoming: Incoming, signal: AbortSignal): Promise<void> {
    await this.#semaphore.take();
    try {
      signal.throwIfAborted();
      if (!this.#open) throw new Error("The member has left.");
      await this.#deliver(incoming);
    } finally {
      this.#semaphore.free();
    }
  }

  /** Takes nothing more, and waits for what is in flight. */
  async leave(): Promise<void> {
    this.#open = false;
    await this.#semaphore.idle();
  }
}

/** The members of one service that share this bus, and compete. */
export class Group {
  readonly #topics = new Set<string>();
  #members: readonly Member[] = [];
  #turn = 0;
  /** Events that came, and are not settled. Others are in the outbox of their sender. */
  open = 0;

  get away(): boolean {
    return this.#members.length === 0;
  }

  /** Whether it takes messages of a topic. One without a readable type is for all that hear. */
  hears(topic: string): boolean {
    return this.#topics.has(topic) || (topic === UNREADABLE && this.#topics.size > 0);
  }

  join(options: SubscribeOptions, deliver: Deliver): Member {
    const member = new Member(options, deliver);
    for (const topic of options.topics) this.#topics.add(topic);
    this.#members = [...this.#members, member];
    return member;
  }

  async leave(member: Member): Promise<void> {
    this.#members = this.#members.filter((other) => other !== member);
    await member.leave();
  }

  /** Delivers until a member acknowledges; rejects once `signal` is aborted, or all have left. */
  async deliver(incoming: Incoming, signal: AbortSignal): Promise<void> {
    this.open++;
    try {
      for (let failures = 1; !(await this.#offer(incoming, signal)); failures++)
        await pause(redeliveryPauseMs(failures), undefined, { signal });
    } finally {
      this.open--;
    }
  }

  async #offer(incoming: Incoming, signal: AbortSignal): Promise<boolean> {
    const member = this.#members[this.#turn++ % this.#members.length];
    if (member === undefined) throw new Error("No member of the service is there.");
    return member.take(incoming, signal).then(
      () => true,
      () => false,
    );
  }
}
