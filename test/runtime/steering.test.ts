import { describe, it } from "vitest";
import { steeringCases } from "./steering.ts";

steeringCases({ describe, it });
