import { type Case, change, manifest, order, refund } from "./parts.ts";
import { desk, keyedLines, struck } from "./sound-long.ts";

/* Choreographies that are broken by what a service marks, and by how long it remembers that. */

const reserve = {
  on: ["order.first_line_added.v1", "order.second_line_added.v1"],
  keyed: true,
  emits: ["stock.reserved.v1"],
};

export const KEYED_AND_LONG: readonly Case[] = [
  {
    name: "keyed-orphan: the undo of one key leaves the effect of the other",
    manifest: change(keyedLines, {
      stock: {
        reactions: [
          reserve,
          {
            on: ["payment.refused.v1"],
            keyed: true,
            undoes: "stock.reserved.v1",
            emits: ["stock.released.v1"],
          },
        ],
      },
    }),
    codes: ["EARLY_END", "ORPHAN"],
  },
  {
    name: "keyed-twice: a step with a key runs once for each key",
    manifest: manifest(
      {
        order: {
          begins: ["order.placed.v1"],
          reactions: [
            {
              on: ["order.placed.v1"],
              readonly: true,
              emits: [["order.first_line_added.v1", "order.second_line_added.v1"]],
            },
            { on: ["stock.reserved.v1"], readonly: true, emits: ["order.completed.v1"] },
          ],
        },
        stock: { reactions: [reserve] },
      },
      { fails: [] },
    ),
    codes: ["DOUBLE_END"],
  },
  {
    name: "deadline-parks: a deadline that is given up on, without an answer",
    manifest: change(struck, {
      order: {
        begins: ["order.placed.v1"],
        reactions: [{ on: ["clock.struck.v1"], readonly: true, emits: ["order.completed.v1"] }],
      },
      clock: {
        mayPark: true,
        deadlines: [
          {
            after: "order.placed.v1",
            within: "PT1M",
            unless: ["order.completed.v1"],
            emits: "clock.struck.v1",
          },
        ],
      },
    }),
    codes: ["PARKED_STUCK"],
  },
  {
    name: "long-saga: the service of an undo has forgotten the saga",
    manifest: desk("P20D", "P20D"),
    codes: ["PARKED_STUCK"],
  },
  {
    name: "answered-twice: an undo that is given up on is answered with the end",
    manifest: manifest({
      order: {
        begins: ["order.placed.v1"],
        mayPark: true,
        reactions: [
          { on: ["payment.charged.v1"], readonly: true, emits: ["order.completed.v1"] },
          {
            on: ["payment.declined.v1", "order.noted.v1"],
            undoes: "order.placed.v1",
            emits: [["order.cancelled.v1", "order.noted.v1"]],
            onParked: "order.cancelled.v1",
          },
        ],
      },
      payment: {
        reactions: [
          {
            on: ["order.placed.v1"],
            readonly: true,
            emits: ["payment.charged.v1"],
            fails: ["payment.declined.v1"],
          },
        ],
      },
    }),
    // And not DOUBLE_END: what the fence suppresses is not answered.
    codes: ["EARLY_END", "PARKED_STUCK"],
  },
  {
    name: "an undo without a key finds no effect that has one",
    manifest: change(keyedLines, {
      stock: {
        reactions: [
          reserve,
          {
            on: ["payment.refused.v1"],
            undoes: "stock.reserved.v1",
            emits: ["stock.released.v1"],
          },
        ],
      },
    }),
    codes: ["EARLY_END", "ORPHAN"],
  },
  {
    name: "two-undos: one outcome leaves one effect, and has two undos",
    manifest: manifest({
      order: order(
        ["stock.reserved.v1"],
        ["order.unwound.v1"],
        [
          {
            all: ["payment.refunded.v1", "payment.points_revoked.v1"],
            readonly: true,
            emits: ["order.unwound.v1"],
          },
        ],
      ),
      payment: {
        reactions: [
          {
            on: ["order.placed.v1"],
            emits: [["payment.charged.v1", "payment.points_granted.v1"]],
          },
          refund,
          {
            on: ["stock.sold_out.v1"],
            undoes: "payment.points_granted.v1",
            emits: ["payment.points_revoked.v1"],
          },
        ],
      },
      stock: {
        reactions: [
          {
            all: ["payment.charged.v1", "payment.points_granted.v1"],
            emits: ["stock.reserved.v1"],
            fails: ["stock.sold_out.v1"],
          },
        ],
      },
    }),
    codes: ["UNKNOWN_EFFECT"],
  },
];
