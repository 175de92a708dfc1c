import { runnerOf } from "../conformance/runner.ts";
import { memoryShelves, sqliteShelves } from "../support/shelf.ts";
import { serialProperty } from "./serial.ts";

serialProperty(runnerOf(), memoryShelves, 200);
serialProperty(runnerOf(), sqliteShelves, 100);
