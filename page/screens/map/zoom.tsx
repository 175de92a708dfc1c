import { words } from "../../words/words.ts";

export function ZoomButtons({
  zoom,
  fitAll,
}: {
  readonly zoom: (by: number) => void;
  readonly fitAll: () => void;
}) {
  const { map } = words.value;
  return (
    <div class="zoom">
      <button type="button" class="button" aria-label={map.zoomIn} onClick={() => zoom(1 / 1.25)}>
        +
      </button>
      <button type="button" class="button" aria-label={map.zoomOut} onClick={() => zoom(1.25)}>
        −
      </button>
      <button type="button" class="button" onClick={fitAll}>
        {map.fit}
      </button>
    </div>
  );
}
