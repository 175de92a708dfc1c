import { registerHooks } from "node:module";

/* Fails as Node does where PGlite is not installed. */
registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== "@electric-sql/pglite") return next(specifier, context);
    throw Object.assign(new Error(`Cannot find package '${specifier}'`), {
      code: "ERR_MODULE_NOT_FOUND",
    });
  },
});
