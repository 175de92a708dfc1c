import { describe, it } from "vitest";
import { toldCases } from "./told-sagas-cases.ts";

toldCases({ describe, it });
