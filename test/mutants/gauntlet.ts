/**
 * Runs suites in a process of its own, so that the source can be changed before it is loaded.
 * Arguments: a suite, and the only tests to run, a line each ("" for all).
 */
import { busConformance, type Runner, storeConformance, type TestContext } from "odori/conformance";
import { lostAnswers } from "../adapters/postgres-answers.ts";
import { flightCases } from "../adapters/postgres-flight.ts";
import { handedOver } from "../adapters/postgres-hand-over.ts";
import { memberLiveness } from "../adapters/postgres-liveness.ts";
import { planCases } from "../adapters/postgres-plans.ts";
import { memberSuccession } from "../adapters/postgres-succession.ts";
import { returnedMessages } from "../adapters/rabbitmq-returns.ts";
import { sqliteStores } from "../conformance/adapters.ts";
import { retryCases } from "../console/retry-cases.ts";
import { passedCases } from "../observe/passed.ts";
import { feedCases } from "../observer/feed-cases.ts";
import { listCases } from "../observer/list-cases.ts";
import { movingCases } from "../observer/moving.ts";
import { restingCases } from "../observer/resting-cases.ts";
import { sourceCases } from "../observer/source-cases.ts";
import { httpSources, sqliteSources } from "../observer/source-kits.ts";
import { toldCases } from "../observer/told-sagas-cases.ts";
import { wayCases } from "../observer/way-cases.ts";
import { apartOrTogether } from "../runtime/apart-or-together.ts";
import { connectionCases } from "../runtime/connections-postgres.ts";
import { isolationCases } from "../runtime/isolation.ts";
import { postgresCases } from "../runtime/isolation-postgres.ts";
import { sqliteCases } from "../runtime/isolation-sqlite.ts";
import { lostConnections } from "../runtime/lost-connections-postgres.ts";
import { sentCases } from "../runtime/sent.ts";
import { sentOnPostgres } from "../runtime/sent-postgres.ts";
import { sessionCases } from "../runtime/sessions-postgres.ts";
import { swallowedFailures } from "../runtime/swallowed-postgres.ts";
import { postgresBuses, postgresStores } from "../servers/postgres.ts";
import { postgresShelves, sqliteShelves } from "../support/shelf.ts";
import { deploymentScenarios } from "./deployments.ts";
import { entryScenarios } from "./entry.ts";
import { fileScenarios } from "./files.ts";
import { foundScenarios } from "./found.ts";
import { hearingScenarios } from "./hearing.ts";
import { outlookScenarios } from "./outlooks.ts";
import { httpScenarios } from "./over-http.ts";
import { parkedScenarios } from "./parked.ts";
import { proofScenarios } from "./proofs.ts";
import { reductionScenarios } from "./reductions.ts";
import { rehearsedScenarios } from "./rehearsed.ts";
import { runtimeScenarios } from "./scenarios.ts";
import { sideBySideScenarios } from "./side-by-side.ts";
import { simulatedScenarios } from "./simulated.ts";

const [suite = "", titles = "", url = ""] = process.argv.slice(2);
const only = new Set(titles === "" ? [] : titles.split("\n"));
const tests: { readonly name: string; run(context: TestContext): Promise<void> }[] = [];
const collect: Runner = {
  describe: (_name, body) => body(),
  it: (name, run) => {
    if (only.size === 0 || only.has(name)) tests.push({ name, run });
  },
};

if (suite === "runtime") {
  runtimeScenarios(collect);
  parkedScenarios(collect);
  deploymentScenarios(collect);
  hearingScenarios(collect);
  sideBySideScenarios(collect);
  apartOrTogether(collect);
}
if (suite === "check") {
  reductionScenarios(collect);
  outlookScenarios(collect);
}
if (suite === "files") {
  fileScenarios(collect);
  entryScenarios(collect);
}
if (suite === "proofs") proofScenarios(collect);
if (suite === "http") httpScenarios(collect);
if (suite === "testing") rehearsedScenarios(collect);
if (suite === "simulate") {
  simulatedScenarios(collect);
  foundScenarios(collect);
}
if (suite === "observer") {
  movingCases(collect);
  toldCases(collect);
  restingCases(collect);
  listCases(collect);
  passedCases(collect);
  wayCases(collect);
  retryCases(collect);
  sourceCases(collect, httpSources(sqliteSources));
}
if (suite === "sqlite") {
  storeConformance(collect, sqliteStores);
  isolationCases(collect, sqliteShelves);
  sentCases(collect, sqliteShelves);
  sqliteCases(collect);
}
if (suite === "postgres") {
  storeConformance(
    collect,
    postgresStores(() => url),
  );
  busConformance(
    collect,
    postgresBuses(() => url, "batch"),
  );
  lostAnswers(collect, () => url);
  flightCases(collect, () => url);
  handedOver(collect, () => url);
  memberLiveness(collect, () => url);
  planCases(collect, () => url);
  memberSuccession(collect, () => url);
  const shelves = postgresShelves(() => url);
  isolationCases(collect, shelves);
  sentCases(collect, shelves);
  sentOnPostgres(collect, () => url);
  postgresCases(collect, () => url);
  sessionCases(collect, () => url);
  connectionCases(collect, () => url);
  lostConnections(collect, () => url);
  swallowedFailures(collect, () => url);
  feedCases(collect, () => url);
}
if (suite === "rabbitmq") returnedMessages(collect, () => url);

/** A broken runtime may hang where the whole one goes on. */
const LIMIT_MS = 25_000;
const tooLong = (name: string) =>
  new Promise<never>((_, reject) =>
    setTimeout(() => reject(new Error(`${name} has not ended in ${LIMIT_MS} ms`)), LIMIT_MS),
  );

const failed: string[] = [];
for (const { name, run } of tests) {
  await Promise.race([run({ skip() {} }), tooLong(name)]).catch((error: unknown) => {
    failed.push(name);
    process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`);
  });
}
process.stdout.write(JSON.stringify({ ran: tests.length, failed }));
process.exit(failed.length > 0 ? 1 : 0);
