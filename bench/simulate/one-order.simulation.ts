import { simulation } from "odori/simulate";
import order from "../../examples/order/choreography.ts";
import { orders } from "../../examples/order/order.simulation.ts";

/** One order with faults, for threads. */
export default simulation(order, orders(1));
