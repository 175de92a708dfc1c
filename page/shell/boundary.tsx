import { Component, type ComponentChildren } from "preact";
import { Problem } from "../net/problem.ts";
import { Failed } from "../ui/shown.tsx";
import { words } from "../words/words.ts";

interface Props {
  readonly children: ComponentChildren;
}

/** A mistake of one screen is said there, and leaves the others alone. */
export class Boundary extends Component<Props, { readonly error?: unknown }> {
  static override getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render({ children }: Props) {
    const { error } = this.state;
    if (error === undefined) return children;
    return <Failed problem={Problem.from(error)} title={words.value.state.pageFailed} />;
  }
}
