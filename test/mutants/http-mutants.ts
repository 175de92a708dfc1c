import { edit, type Mutant } from "./mutant.ts";

/** Broken buses over HTTP. */
export const HTTP_MUTANTS: readonly Mutant[] = [
  {
    name: "a request is acknowledged before it is delivered",
    edits: [edit("adapters/http/receiver.ts", "Promise.race([all, late])", "true || all || late")],
    suite: "http",
    caughtBy: "a request has its reply once every group has acknowledged",
  },
  {
    name: "a group that restarts misses requests",
    edits: [
      edit(
        "adapters/http/receiver.ts",
        "if (hearers.some((group) => group.away))",
        "if (!hearers)",
      ),
      edit(
        "adapters/http/receiver.ts",
        "filter((group) => group.hears(topicHeard(incoming)))",
        "filter((group) => !group.away && group.hears(topicHeard(incoming)))",
      ),
    ],
    suite: "http",
    caughtBy: "a group that is away misses nothing",
  },
  {
    name: "a signature does not cover the body",
    edits: [edit("adapters/http/signature.ts", ".update(body).digest()", ".digest()")],
    suite: "http",
    caughtBy: "what no secret has signed is not delivered",
  },
  {
    name: "a signature is valid for ever",
    edits: [edit("adapters/http/signature.ts", "> TOLERANCE_S)", "> TOLERANCE_S * 1000)")],
    suite: "http",
    caughtBy: "what no secret has signed is not delivered",
  },
  {
    name: "signed requests are read in binary mode",
    edits: [
      edit("adapters/http/read.ts", "  if (signed)\n", "  if (signed && contentType === '')\n"),
    ],
    suite: "http",
    caughtBy: "what no secret has signed is not delivered",
  },
  {
    name: "any reply is an acceptance",
    edits: [edit("adapters/http/endpoint.ts", "status >= 200 && status < 300", "status >= 200")],
    suite: "http",
    caughtBy: "an event is accepted once each subscriber has it",
  },
  {
    name: "the first subscriber accepts for all",
    edits: [
      edit(
        "adapters/http/bus.ts",
        'sent.find((one) => one.status === "rejected")',
        'sent.slice(0, 1).find((one) => one.status === "rejected")',
      ),
    ],
    suite: "http",
    caughtBy: "an event is accepted once each subscriber has it",
  },
  {
    name: "a dead subscriber makes the bus unavailable",
    edits: [edit("adapters/http/errors.ts", '"ENDPOINT_AWAY",', '"BUS_UNAVAILABLE",')],
    suite: "http",
    caughtBy: "one that is away is not the bus",
  },
];
