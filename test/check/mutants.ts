import { reactionName } from "../../src/manifest/manifest.ts";
import { toManifest } from "../../src/manifest/read.ts";
import { toDocument } from "../../src/manifest/write.ts";

/* Every way to drop or change one declaration of a choreography. */

export interface Mutant {
  readonly what: string;
  readonly manifest: Readonly<Record<string, unknown>>;
}

type Raw = Record<string, unknown>;

function records(value: unknown): readonly Raw[] {
  return Array.isArray(value)
    ? value.filter((item) => typeof item === "object" && item !== null)
    : [];
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function mutantsOf(manifest: Readonly<Record<string, unknown>>): readonly Mutant[] {
  // Through the reader, so that every declaration stands where the canonical form has it.
  const parsed = toManifest(manifest);
  const document = (): Raw => structuredClone(JSON.parse(JSON.stringify(toDocument(parsed))));
  const mutants: Mutant[] = [];
  for (const [name, service] of parsed.services) {
    const edit = (what: string, change: (service: Raw) => void) => {
      const copy = document();
      const services = copy.services;
      if (typeof services !== "object" || services === null) return;
      change(Reflect.get(services, name));
      mutants.push({ what: `${name}: ${what}`, manifest: copy });
    };
    service.reactions.forEach((reaction, place) => {
      const own = reactionName(reaction);
      const change = (what: string, mutate: (raw: Raw) => void) =>
        edit(`${own}: ${what}`, (raw) => {
          const target = records(raw.reactions)[place];
          if (target !== undefined) mutate(target);
        });
      edit(`${own}: dropped`, (raw) => {
        raw.reactions = records(raw.reactions).filter((_, index) => index !== place);
      });
      if (reaction.hears.length > (reaction.kind === "join" ? 2 : 1)) {
        for (const type of reaction.hears) {
          change(`no longer hears ${type}`, (raw) => {
            const key = reaction.kind === "join" ? "all" : "on";
            raw[key] = list(raw[key]).filter((other) => other !== type);
          });
        }
      }
      for (const key of ["emits", "fails", "late"] as const) {
        reaction[key].forEach((outcome, index) => {
          if (outcome.length === 0) return;
          change(`${key} no longer ${outcome.join(" and ")}`, (raw) => {
            raw[key] = list(raw[key]).filter((_, other) => other !== index);
          });
        });
      }
      if (reaction.keyed === "all")
        change("of one key alone", (raw) => {
          raw.keyed = true;
        });
      for (const key of ["once", "max", "onParked", "readonly", "keyed"] as const) {
        if (reaction[key] === undefined || reaction[key] === false) continue;
        change(`without ${key}`, (raw) => {
          delete raw[key];
          if (raw.once === undefined && raw.max === undefined) delete raw.late;
        });
      }
      if (reaction.kind === "undo") {
        change(
          reaction.onEmpty === "ack" ? "silent when there is nothing to undo" : "acknowledges",
          (raw) => {
            raw.onEmpty = reaction.onEmpty === "ack" ? "silent" : "ack";
          },
        );
      } else if (!reaction.readonly) {
        change("readonly", (raw) => {
          raw.readonly = true;
        });
      }
    });
    service.deadlines.forEach((deadline, place) => {
      edit(`deadline ${deadline.emits}: dropped`, (raw) => {
        raw.deadlines = records(raw.deadlines).filter((_, index) => index !== place);
      });
      if (deadline.onParked !== undefined)
        edit(`deadline ${deadline.emits}: without onParked`, (raw) => {
          const target = records(raw.deadlines)[place];
          if (target !== undefined) delete target.onParked;
        });
      edit(`deadline ${deadline.emits}: after 31 days`, (raw) => {
        const target = records(raw.deadlines)[place];
        if (target !== undefined) target.within = "P31D";
      });
      for (const type of deadline.unless) {
        edit(`deadline ${deadline.emits}: not called off by ${type}`, (raw) => {
          const target = records(raw.deadlines)[place];
          if (target !== undefined)
            target.unless = list(target.unless).filter((other) => other !== type);
        });
      }
    });
    for (const key of ["inbox", "fence"] as const) {
      if (service[key]) {
        edit(`without ${key}`, (raw) => {
          raw[key] = false;
        });
      }
    }
  }
  for (const code of parsed.suppress.keys()) {
    const { suppress: _, ...copy } = document();
    mutants.push({ what: `${code} is not accepted`, manifest: copy });
  }
  return mutants;
}
