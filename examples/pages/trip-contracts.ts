import { event } from "odori";
import { z } from "zod";

/* The events of `trip.ts`. Each carries the trip's key: what a leg costs stays with its service. */

const payload = z.object({ tripId: z.string() });

export const requested = event("trip.requested.v1", payload);
export const reserved = event("trip.reserved.v1", payload);
export const confirmed = event("trip.confirmed.v1", payload);
export const expired = event("trip.expired.v1", payload);
export const abandoned = event("trip.abandoned.v1", payload);
export const unwound = event("trip.unwound.v1", payload);
export const cancelled = event("trip.cancelled.v1", payload);

export const hotel = {
  booked: event("hotel.booked.v1", payload),
  refused: event("hotel.refused.v1", payload),
  released: event("hotel.released.v1", payload),
};
export const flight = {
  booked: event("flight.booked.v1", payload),
  refused: event("flight.refused.v1", payload),
  released: event("flight.released.v1", payload),
};
export const car = {
  booked: event("car.booked.v1", payload),
  refused: event("car.refused.v1", payload),
  released: event("car.released.v1", payload),
};
export type Leg = typeof hotel | typeof flight | typeof car;

export const charged = event("payment.charged.v1", payload);
export const declined = event("payment.declined.v1", payload);
