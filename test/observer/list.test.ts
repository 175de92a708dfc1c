import { describe, it } from "vitest";
import { listCases } from "./list-cases.ts";

listCases({ describe, it });
