import { type Case, change, manifest, order, reserve } from "./parts.ts";
import { race, sequential } from "./sound.ts";

/*
 * Choreographies whose declarations alone are wrong: what is never emitted, heard or undone, and
 * what can never run.
 */

export const MISDECLARED: readonly Case[] = [
  {
    name: "an event that no service hears",
    manifest: change(sequential, {
      stock: { reactions: [{ ...reserve, emits: [["stock.reserved.v1", "stock.counted.v1"]] }] },
    }),
    codes: ["UNHEARD"],
  },
  {
    name: "an event that no service emits",
    manifest: change(sequential, {
      stock: { reactions: [reserve, { on: ["stock.recounted.v1"] }] },
    }),
    codes: ["DEAD_REACTION", "NEVER_EMITTED"],
  },
  {
    name: "an undo of another service's effect",
    manifest: change(sequential, {
      stock: { reactions: [reserve, { on: ["stock.sold_out.v1"], undoes: "payment.charged.v1" }] },
    }),
    codes: ["FOREIGN_UNDO"],
  },
  {
    name: "an undo of what is not an effect",
    manifest: change(sequential, {
      stock: { reactions: [reserve, { on: ["payment.declined.v1"], undoes: "stock.sold_out.v1" }] },
    }),
    codes: ["UNKNOWN_EFFECT"],
  },
  {
    name: "a join of two outcomes of one reaction",
    manifest: change(sequential, {
      stock: { reactions: [reserve, { all: ["payment.charged.v1", "payment.declined.v1"] }] },
    }),
    codes: ["DEAD_REACTION"],
  },
  {
    name: "an external event makes nothing run",
    manifest: change(
      sequential,
      { stock: { reactions: [reserve, { on: ["gateway.settled.v1"] }] } },
      { external: ["gateway.settled.v1"] },
    ),
    codes: ["DEAD_REACTION"],
  },
  {
    name: "success is not to be had",
    manifest: change(
      sequential,
      {
        stock: {
          reactions: [{ on: ["payment.charged.v1"], readonly: true, emits: ["stock.sold_out.v1"] }],
        },
      },
      {},
    ),
    codes: ["DEAD_REACTION", "NEVER_EMITTED", "NO_SUCCESS"],
  },
  {
    name: "an event from outside that may never come",
    manifest: manifest(
      {
        order: order(["payment.charged.v1"], []),
        payment: { reactions: [{ on: ["gateway.settled.v1"], emits: ["payment.charged.v1"] }] },
      },
      { arrives: ["gateway.settled.v1"], fails: [], external: ["order.placed.v1"] },
    ),
    codes: ["STUCK"],
  },
  {
    name: "typos: a pivot that no service emits",
    manifest: { ...sequential, pivots: ["payment.chraged.v1"] },
    codes: ["UNKNOWN_NAME"],
  },
  {
    name: "an undo order of an event that is not an effect",
    manifest: { ...sequential, undoOrder: [["payment.charged.v1", "stock.sold_out.v1"]] },
    codes: ["UNKNOWN_NAME"],
  },
  {
    name: "a group with an effect that no service has",
    manifest: { ...race, oneOf: [["left.taken.v1", "right.taekn.v1"]] },
    codes: ["ONE_OF", "UNDONE_ON_SUCCESS", "UNKNOWN_NAME"],
  },
  {
    name: "a lock that an unknown event releases too",
    manifest: {
      ...sequential,
      locks: [
        {
          name: "order pending",
          acquire: "order.placed.v1",
          release: ["order.completed.v1", "order.cancelled.v1", "order.droped.v1"],
        },
      ],
    },
    codes: ["UNKNOWN_NAME"],
  },
  {
    name: "an older version of an event that the service does not hear",
    manifest: change(sequential, {
      stock: {
        reactions: [reserve],
        alsoHears: { "payment.chraged.v2": ["payment.chraged.v1"] },
      },
    }),
    codes: ["UNKNOWN_NAME"],
  },
  {
    name: "an older version of an event that the service does not emit",
    manifest: change(sequential, {
      stock: {
        reactions: [reserve],
        alsoEmits: { "stock.resevred.v2": ["stock.resevred.v1"] },
      },
    }),
    codes: ["UNKNOWN_NAME"],
  },
  {
    name: "a name that is none",
    manifest: change(
      sequential,
      { stock: { reactions: [{ ...reserve, emits: [["stock.reserved.v1", "StockCounted"]] }] } },
      { external: ["StockCounted"] },
    ),
    codes: ["NAME_GRAMMAR"],
  },
];
