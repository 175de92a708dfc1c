import { describe, it } from "vitest";
import { sourceCases } from "./source-cases.ts";
import { httpSources, sqliteSources } from "./source-kits.ts";

sourceCases({ describe, it }, sqliteSources);
sourceCases({ describe, it }, httpSources(sqliteSources));
