/** Where the services of a new project run. */
export const TEMPLATES = ["sqlite", "postgres-nats"] as const;
export type TemplateName = (typeof TEMPLATES)[number];

/** What serves its HTTP routes. */
export const FRAMEWORKS = ["hono", "fastify", "nest"] as const;
export type FrameworkName = (typeof FRAMEWORKS)[number];

/**
 * Returns the folders of `templates/` that make up a project. A file of a later one replaces the
 * same file of an earlier one; each `package.json` is merged into the one before it.
 */
export function layersOf(template: TemplateName, framework?: FrameworkName): readonly string[] {
  switch (template) {
    case "sqlite":
      return framework === undefined
        ? ["saga", "sqlite"]
        : ["saga", "sqlite", "server", "sqlite-server", framework];
    case "postgres-nats":
      return [
        "saga",
        "postgres-nats",
        "server",
        framework ?? "node-http",
        ...(framework === "nest" ? ["postgres-nats-nest"] : []),
      ];
  }
}
