export { manifestOf, manifestOfServices } from "../manifest/from-code.ts";
export type { Assumption } from "./assumptions.ts";
export { type CheckOptions, check, type Explored, type Report, STATES_MAX } from "./check.ts";
export { type CheckConfig, toConfig } from "./config.ts";
export type {
  CounterexampleStep,
  Finding,
  FindingCode,
  LintCode,
  Place,
  Repair,
  Severity,
  StaticCode,
  TraceAction,
} from "./finding.ts";
export { type LintOptions, lint, type RuleSeverity } from "./lint/lint.ts";
export type { Limits, Rule } from "./lint/rule.ts";
export { RULES } from "./lint/rules.ts";
export { repairText } from "./repair-text.ts";
export {
  checkRolling,
  type DeploymentStep,
  type RollingOptions,
  type RollingReport,
} from "./rolling/check-rolling.ts";
export type { DeploymentOrder } from "./rolling/order.ts";
export type { Suppressed } from "./suppress.ts";
export type { BehaviourCode } from "./violation.ts";
