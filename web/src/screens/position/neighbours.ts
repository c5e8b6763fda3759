/** The positions before and after this one, in the list that it came from. */
import { useAsk } from "../../api/asking";
import { pageOf } from "../../api/client";
import type { PositionRow } from "../../api/shapes";

export function useNeighbours(run: string, node: string, position: string): { before?: string; after?: string } {
  const asked = useAsk(
    pageOf<PositionRow, "/api/v1/results/runs/{run_id}/positions">("/api/v1/results/runs/{run_id}/positions", {
      path: { run_id: run },
      query: { node, sort: "-pv_base", limit: 200, columns: "pv_base" },
    }),
  );
  const ids = asked.data?.rows.map((row) => row.position_id) ?? [];
  const at = ids.indexOf(position);
  return at < 0 ? {} : { before: ids[at - 1], after: ids[at + 1] };
}
