import { useEffect, useState } from "preact/hooks";
import { refine, route } from "../../route.ts";
import { visible } from "../../text/visible.ts";
import { VERDICTS } from "../../ui/tones.ts";
import { words } from "../../words/words.ts";
import { filterIn, filterText, parseFilter, type SagaFilter } from "./filter.ts";

/** The filter as text. What it says goes into the address, word by word. */
export function FilterBar({ filter }: { readonly filter: SagaFilter }) {
  const { sagas: w } = words.value;
  const said = filterText(filter);
  const [text, setText] = useState(said);
  const { unknown, repeated } = parseFilter(text);
  const known = VERDICTS.map((one) => one.replaceAll(" ", "-")).join(", ");
  const problems = [
    ...(unknown.length > 0 ? [w.unknown(unknown.map(visible).join(" "))] : []),
    ...(unknown.some((word) => word.startsWith("is:")) ? [w.known(known)] : []),
    ...(repeated.length > 0 ? [w.repeated(repeated.map(visible).join(" "))] : []),
  ];
  useEffect(() => {
    // On a busy machine more has been typed since: the next effect is about that.
    if (filterText(filterIn(route.peek().query)) !== said) return;
    // Another link has led here; what a person is typing says the same already.
    setText((own) => (filterText(parseFilter(own).filter) === said ? own : said));
  }, [said]);
  const type = (next: string) => {
    setText(next);
    const { verdict, at, event, older, correlation, id } = parseFilter(next).filter;
    refine({ verdict, at, event, older, correlation, id });
  };
  return (
    <div class="bar toolbar">
      <input
        class="field filter"
        type="search"
        data-search
        spellcheck={false}
        aria-label={w.filterLabel}
        aria-invalid={problems.length > 0}
        aria-describedby="filter-problem"
        placeholder={w.filter}
        value={text}
        onInput={({ currentTarget: { value } }) => type(value)}
      />
      <span id="filter-problem" class="bad" role="status">
        {problems.join(" · ")}
      </span>
    </div>
  );
}
