/** What totals leave out, over any screen: by reason with its sentence, and the positions themselves. */
import { useAsk } from "../api/asking";
import { addressOf, pageOf, question } from "../api/client";
import type { PositionRow } from "../api/shapes";
import type { ExceptionKind } from "../api/working";
import { Chip } from "../parts/Cells";
import { Dialog } from "../parts/Dialog";
import { Icon } from "../parts/Icon";
import { Answered, Empty } from "../parts/Panel";
import { Table } from "../parts/Table";
import { reasonInWords, reasonsOf } from "../numbers/blanks";
import { count, counted, level, short } from "../numbers/format";
import { choose, go, link, place } from "../place";
import { run as shownRun } from "../state/book";
import type { RunDocument } from "../api/shapes";

const EXCEPTIONS = "/api/v1/results/runs/{run_id}/exceptions";
const POSITIONS = "/api/v1/results/runs/{run_id}/positions";
const NOT_PRICED = "status!=PRICED";
const MOST = 200;

export function LeftOut() {
  const asked = place.value.query.leftout;
  const run = shownRun.value;
  if (!asked || !run) return null;
  return <Drawer run={run} node={asked === "all" ? null : asked} />;
}

function Drawer({ run, node }: { run: RunDocument; node: string | null }) {
  const close = () => choose({ leftout: null });
  const whose = node ? { node } : {};
  const kinds = useAsk(node ? null : question<ExceptionKind[], typeof EXCEPTIONS>(EXCEPTIONS, { path: { run_id: run.run_id } }));
  const rows = useAsk(pageOf<PositionRow, typeof POSITIONS>(POSITIONS, { path: { run_id: run.run_id }, query: { ...whose, where: NOT_PRICED, scenario: "BASE", columns: "pv_base,detail", limit: MOST } }));
  return (
    <Dialog label="Left out, and why" kind="drawer" onClose={close}>
      <header class="dhead">
        <h2>Left out of {node ?? "all funds"}, and why</h2>
        <span class="grow" />
        <a class="btn sm" download href={addressOf(POSITIONS, { run_id: run.run_id }, { ...whose, where: NOT_PRICED, scenario: "BASE", format: "csv" })}>
          <Icon name="export" small />
          CSV
        </a>
        <button type="button" class="icb" data-first aria-label="Close" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      <p class="dsec sec">
        Run <span class="mono">{short(run.run_id)}</span>: totals hold every number that there is, and say how many positions they lack. BASE is listed here; a scenario may lack more.
      </p>
      {!node && (
        <div class="dsec">
          <h3>By reason</h3>
          <Answered asked={kinds} what="the reasons" empty={(found) => !found.length && <Empty title="Nothing is left out.">Every position has every number that applies to it.</Empty>}>
            {(found) => (
              <Table
                label="Left out, by reason"
                class="dt"
                rows={found}
                keyOf={(one, n) => `${one.reason} ${n}`}
                columns={[
                  { id: "reason", label: "Reason", isLeft: true, cell: (one) => <Chip square kind="warn">{reasonInWords(one.reason)}</Chip>, text: (one) => one.reason },
                  { id: "why", label: "Why", isLeft: true, class: () => "wraps", cell: (one) => one.sentence, text: (one) => one.sentence },
                  { id: "number", label: "Positions", cell: (one) => count(one.positions), text: (one) => one.positions },
                  { id: "notional", label: "Notional", unit: `${run.base_currency} m`, cell: (one) => (one.notional_base === null ? "–" : level(one.notional_base / 1e6, 1)), text: (one) => one.notional_base },
                ]}
              />
            )}
          </Answered>
        </div>
      )}
      <div class="dsec">
        <h3>
          Positions <span class="muted">{rows.data ? counted(rows.data.total ?? rows.data.rows.length, "position") : ""}</span>
        </h3>
        <Answered asked={rows} what="the positions" empty={(page) => !page.rows.length && <Empty title="Nothing is left out under BASE.">Every position here has every number that applies to it.</Empty>}>
          {(page) => (
            <>
              <Table
                label="Positions that are left out"
                class="dt"
                rows={page.rows}
                keyOf={(one) => one.position_id}
                columns={[
                  { id: "position", label: "Position", isLeft: true, class: () => "mono", cell: (one) => <a href={link(`/positions/${encodeURIComponent(one.position_id)}`)} onClick={(event) => { event.preventDefault(); go(link(`/positions/${encodeURIComponent(one.position_id)}`)); }}>{one.position_id}</a>, text: (one) => one.position_id },
                  { id: "reason", label: "Lacks", isLeft: true, cell: (one) => lacking(one), text: (one) => one.reason },
                  { id: "detail", label: "Why", isLeft: true, class: () => "wraps", cell: (one) => one.detail || "–", text: (one) => one.detail },
                ]}
              />
              {page.next && <p class="hint">The first {count(page.rows.length)}; the CSV has them all.</p>}
            </>
          )}
        </Answered>
      </div>
    </Dialog>
  );
}

function lacking(row: PositionRow): string {
  const found = [...reasonsOf(row.reason)].filter(([, code]) => code !== "NOT_APPLICABLE");
  return found.length ? found.slice(0, 3).map(([measure, code]) => `${measure} ${reasonInWords(code)}`).join(", ") + (found.length > 3 ? ` and ${found.length - 3} more` : "") : row.status.toLowerCase();
}
