import { describe, it } from "vitest";
import { sourceCases } from "./source-cases.ts";
import { sqliteSources } from "./source-kits.ts";

sourceCases({ describe, it }, sqliteSources);
