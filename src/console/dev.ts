import { CRASH_POINTS } from "../runtime/crash-points.ts";
import { fieldsIn, textField } from "./fields.ts";
import { DevFailure, queryInvalid } from "./refusal.ts";
import type {
  DevBegin,
  DevBegun,
  DevFailed,
  DevFault,
  DevFaults,
  DevForm,
  DevReply,
  Verdict,
} from "./wire.ts";

/** The services of `odori dev`, as the page plays with them. */
export interface DevDesk {
  forms(): Promise<readonly OptionalSchema[]>;
  begin(request: DevBegin): Promise<DevBegun>;
  /** Begins a saga as the last one, with another id. */
  again(): Promise<DevBegun>;
  faults(): Promise<readonly OptionalPlace[]>;
  /** The sagas that were begun, from the page or a terminal. */
  readonly begun: { readonly count: number; readonly last: readonly DevBegun[] };
  /** Why the services have ended; undefined while they run or start. */
  readonly failure: DevFailed | undefined;
  places(): Promise<DevReply["places"]>;
  /** Checks the fault, and sets it. */
  fault(fault: unknown): Promise<readonly OptionalPlace[]>;
  clear(): Promise<readonly OptionalPlace[]>;
}

type OptionalSchema = Omit<DevForm, "schema"> & { readonly schema?: DevForm["schema"] | undefined };
type OptionalPlace = Omit<DevFault, "at"> & { readonly at?: string | undefined };

export async function devReply(
  dev: DevDesk,
  verdictOf: (sagaId: string) => Verdict | undefined,
): Promise<DevReply> {
  const [forms, faults, places] = await asked(
    Promise.all([dev.forms(), dev.faults(), dev.places()]),
  );
  const judged = (saga: DevBegun) => {
    const verdict = verdictOf(saga.sagaId);
    return { ...saga, ...(verdict !== undefined && { verdict }) };
  };
  return {
    forms: forms.map(({ service, type, schema }) => ({ service, type, ...(schema && { schema }) })),
    faults: faults.map(placed),
    places,
    points: CRASH_POINTS,
    begun: { ...dev.begun, last: dev.begun.last.map(judged) },
  };
}

export function devBegin(dev: DevDesk, body: unknown): Promise<DevBegun> {
  const fields = fieldsIn(body, ["type", "payload", "sagaId"]);
  const type = textField(fields, "type");
  if (type === undefined) throw queryInvalid("type names the event that begins the saga.");
  const sagaId = textField(fields, "sagaId");
  const { payload } = fields;
  return asked(dev.begin({ type, payload, ...(sagaId !== undefined && { sagaId }) }));
}

export function devAgain(dev: DevDesk): Promise<DevBegun> {
  return asked(dev.again());
}

export async function devFault(dev: DevDesk, body: unknown): Promise<DevFaults> {
  return { faults: (await asked(dev.fault(body))).map(placed) };
}

export async function devClear(dev: DevDesk): Promise<DevFaults> {
  return { faults: (await asked(dev.clear())).map(placed) };
}

async function asked<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw new DevFailure(error);
  }
}

function placed({ at, ...fault }: OptionalPlace): DevFault {
  return { ...fault, ...(at !== undefined && { at }) };
}
