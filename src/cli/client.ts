import { OdoriError } from "../contract/errors.ts";

/** Loads the adapter of a server; throws `MODULE_UNREADABLE` without its client library. */
export async function client<T>(packages: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new OdoriError(
      "MODULE_UNREADABLE",
      "The client library of this server is not installed.",
      {
        cause,
        hint: `Run npm install ${packages.replace(" and ", " ")}.`,
      },
    );
  }
}
