/* Follows the journals of all services until it is killed, and prints what it says wrongly. */
import { Follower } from "../../src/observer/follow.ts";
import { Projection } from "../../src/observer/projection.ts";
import { SERVICES } from "./fleet.ts";
import { alarmsOf, type DataPlace, observerOf, sourcesAt } from "./observed.ts";

process.once("disconnect", () => process.exit());
const [file = "", text = ""] = process.argv.slice(2);
const place: DataPlace = JSON.parse(text);
const projection = new Projection(file);
const observer = observerOf(sourcesAt(place, SERVICES), projection);
const follower = new Follower(observer, projection);
follower.start();
const LOOK_MS = 100;
setInterval(() => {
  process.stdout.write(`${JSON.stringify(alarmsOf(observer, projection))}\n`);
}, LOOK_MS);
