import { simulation } from "odori/simulate";
import { chargeOnce, pgShopWith } from "../pg-shop.ts";

const { choreography, options } = pgShopWith(chargeOnce);
export default simulation(choreography, options);
