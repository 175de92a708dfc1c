import { describe, it } from "vitest";
import { movingCases } from "./moving.ts";

movingCases({ describe, it });
