import { signal } from "@preact/signals";

const query = matchMedia("(max-width: 720px)");

/** Whether the window is too narrow for rows of one line. `style/list.css` has the same width. */
export const narrow = signal(query.matches);
query.addEventListener("change", () => {
  narrow.value = query.matches;
});
