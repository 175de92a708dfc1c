import { describe, it } from "vitest";
import { wayCases } from "./way-cases.ts";

wayCases({ describe, it });
