import { randomUUID } from "node:crypto";
import { SERVICES, type ServiceName } from "../harness/contestant.ts";

/*
 * The message of hand-made code that does the least: a CloudEvent, without contract, fence, retry
 * or trace.
 */

export interface Message {
  readonly specversion: "1.0";
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly time: string;
  readonly sagaid: string;
  readonly causationid: string | undefined;
  readonly datacontenttype: "application/json";
  readonly data: { readonly orderId: string; readonly reference: string };
}

export function messageOf(service: ServiceName, orderId: string, causationid?: string): Message {
  return {
    specversion: "1.0",
    id: randomUUID(),
    type: `${service}.happened.v1`,
    source: `/${service}`,
    time: new Date().toISOString(),
    sagaid: orderId,
    causationid,
    datacontenttype: "application/json",
    data: { orderId, reference: `r-${orderId}` },
  };
}

/** Returns the service that hears a service's event; undefined after the last one. */
export function nextOf(service: ServiceName): ServiceName | undefined {
  return SERVICES[SERVICES.indexOf(service) + 1];
}
