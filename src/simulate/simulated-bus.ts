import type { EventEnvelope } from "../contract/envelope.ts";
import {
  ACCEPTED,
  type Bus,
  type Deliver,
  type PublishResult,
  type SubscribeOptions,
} from "../ports/bus.ts";
import { busUnavailable } from "../ports/errors.ts";
import { never } from "./crash.ts";
import type { Decisions, Site, Sites } from "./decisions.ts";
import type { Faults } from "./faults.ts";
import type { Guide } from "./guide.ts";

/** A process, as the post knows it. */
export interface BusMember {
  readonly name: string;
  readonly dead: boolean;
  readonly sites: { readonly publish: Site; readonly reply: Site };
}

/** One message to one group. */
export interface PendingMessage {
  /** Place in the order of publishing. */
  readonly seq: number;
  readonly event: EventEnvelope;
  readonly group: MessageGroup;
  /** The process that has it in hand. */
  holder: BusMember | undefined;
}

interface MessageGroup {
  readonly name: string;
  readonly topics: ReadonlySet<string>;
  members: { readonly receiver: BusMember; readonly deliver: Deliver }[];
  readonly sites: GroupSites;
}

/** Where decisions about the messages of one group are taken. */
export type GroupSites = Readonly<Record<"copy" | "ack" | "member", Site>>;

/** The sites of the group of that name. */
export function groupSites(sites: Sites, name: string): GroupSites {
  return {
    copy: sites.of(`copy ${name}`),
    ack: sites.of(`ack ${name}`),
    member: sites.of(`member ${name}`),
  };
}

/** What the post needs of a run. */
export interface SimulatedBusParts {
  readonly decisions: Decisions;
  readonly faults: Faults;
  /** Of a recorded saga. */
  readonly guide: Guide | undefined;
}

/**
 * The bus of a simulation. A message waits until the run hands it over, in any order; it may come
 * twice, and what is not acknowledged comes again.
 */
export class SimulatedBus {
  /** In the order of publishing. */
  readonly pending: PendingMessage[] = [];
  readonly inFlight = new Set<PendingMessage>();
  readonly #parts: SimulatedBusParts;
  readonly #groups = new Map<string, MessageGroup>();
  #seq = 0;

  constructor(parts: SimulatedBusParts) {
    this.#parts = parts;
  }

  /** A group gets every message from now on, also while it has no member. */
  addGroup(name: string, topics: ReadonlySet<string>, sites: GroupSites): void {
    this.#groups.set(name, { name, topics, members: [], sites });
  }

  /** The messages whose service is there, oldest first. */
  get deliverable(): readonly PendingMessage[] {
    return this.pending.filter(({ group }) => group.members.length > 0);
  }

  busOf(receiver: BusMember): Bus {
    return {
      guarantees: { order: "none", durable: true },
      publish: (events) => this.#publish(receiver, events),
      subscribe: async (options, deliver) => {
        if (receiver.dead) return never();
        this.#join(receiver, options, deliver);
        return { close: async () => {} };
      },
      close: async () => {},
    };
  }

  /** An event comes from outside. */
  arrive(event: EventEnvelope): void {
    this.#accept([event]);
  }

  /** Hands a message to a member of its group. */
  deliver(message: PendingMessage): void {
    const { decisions, faults } = this.#parts;
    const { group, event } = message;
    const { members, sites } = group;
    const ways = members.length;
    const way = ways < 2 ? 0 : decisions.decide(sites.member, ways, () => decisions.below(ways));
    const member = members[way];
    if (member === undefined) return;
    this.pending.splice(this.pending.indexOf(message), 1);
    if (this.#repeats(message)) this.#queue(event, group);
    message.holder = member.receiver;
    this.inFlight.add(message);
    const again = () => this.#return(message);
    const settle = (outcome: () => void) => () => {
      if (!member.receiver.dead && this.inFlight.delete(message)) outcome();
    };
    const acknowledged = settle(() => {
      if (faults.losesAck(group.name, event.type, sites.ack)) again();
    });
    try {
      member.deliver(event).then(acknowledged, settle(again));
    } catch (error) {
      // It died as the message came: `drop` has taken it back.
      if (!member.receiver.dead) throw error;
    }
  }

  /** A process is dead: what it had in hand comes again. */
  drop(receiver: BusMember): void {
    for (const group of this.#groups.values())
      group.members = group.members.filter((member) => member.receiver !== receiver);
    for (const message of this.inFlight)
      if (message.holder === receiver) {
        this.inFlight.delete(message);
        this.#return(message);
      }
  }

  #repeats({ group, event }: PendingMessage): boolean {
    const { decisions, faults, guide } = this.#parts;
    const { copy } = group.sites;
    if (guide === undefined) return faults.repeats(group.name, event.type, copy);
    return decisions.take(copy, 2, guide.hands(group.name, event) ? 1 : 0) === 1;
  }

  async #publish(
    receiver: BusMember,
    events: readonly EventEnvelope[],
  ): Promise<readonly PublishResult[]> {
    const { faults } = this.#parts;
    if (receiver.dead) return never();
    if (faults.refuses(receiver.name, receiver.sites.publish)) throw away();
    this.#accept(events);
    if (faults.losesReply(receiver.name, receiver.sites.reply)) throw away();
    return events.map(() => ACCEPTED);
  }

  #join(receiver: BusMember, { group: name }: SubscribeOptions, deliver: Deliver): void {
    this.#groups.get(name)?.members.push({ receiver, deliver });
  }

  #accept(events: readonly EventEnvelope[]): void {
    for (const event of events) {
      for (const group of this.#groups.values())
        if (group.topics.has(event.type)) this.#queue(event, group);
    }
  }

  #queue(event: EventEnvelope, group: MessageGroup): void {
    this.pending.push({ seq: this.#seq++, event, group, holder: undefined });
  }

  /** Keeps the order of publishing, so that the calm choice is always the oldest. */
  #return(message: PendingMessage): void {
    message.holder = undefined;
    const behind = this.pending.findIndex(({ seq }) => seq > message.seq);
    this.pending.splice(behind < 0 ? this.pending.length : behind, 0, message);
  }
}

function away(): Error {
  return busUnavailable("simulation", new Error("The simulated bus is away."));
}
