import { describe, it } from "vitest";
import { apartOrTogether } from "./apart-or-together.ts";

apartOrTogether({ describe, it });
