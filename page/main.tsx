import { render } from "preact";
import { aboutProblem, meet } from "./net/about.ts";
import { openSession } from "./net/api.ts";
import { declared, follow, onChange } from "./net/live.ts";
import { Problem } from "./net/problem.ts";
import { followLinks } from "./route.ts";
import { App } from "./shell/app.tsx";
import { listenToKeys } from "./shell/keys.tsx";

followLinks();
listenToKeys();
try {
  await openSession();
  follow(() => void meet());
  onChange(declared, () => void meet());
} catch (error) {
  aboutProblem.value = Problem.from(error);
}
render(<App />, document.body);
