import { kits } from "../support/kits.ts";
import { deploymentCases } from "./deployments.ts";
import { hazardCases } from "./hazards.ts";

for (const kind of kits) {
  deploymentCases(kind);
  hazardCases(kind);
}
