import { busConformance } from "odori/conformance";
import { httpBuses, SECRET } from "../servers/http.ts";
import { buses } from "./adapters.ts";
import { runnerOf } from "./runner.ts";

busConformance(runnerOf(["order"]), buses.http);
busConformance(runnerOf(["order"]), httpBuses("http, binary", { mode: "binary" }));
busConformance(
  runnerOf(["order"]),
  httpBuses("http, in batches", { mode: "batch", secrets: [SECRET] }),
);
