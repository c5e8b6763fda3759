/** The positions that pay in one bucket, the largest first: what a column of the ladder is made of. */
import { useAsk } from "../../api/asking";
import { addressOf, question } from "../../api/client";
import { Dialog } from "../../parts/Dialog";
import { Icon } from "../../parts/Icon";
import { Answered, Empty } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { count, day, exact, level } from "../../numbers/format";
import { go, link, set } from "../../place";
import type { Bucket } from "./ladder";
import type { Chosen } from "./questions";

interface PayingRow {
  position_id: string;
  currency: string;
  start_date: string;
  end_date: string | null;
  principal_base: number | null;
  interest_base: number | null;
  cash_flow: number;
  cash_flow_base: number | null;
}

const PAYING = "/api/v1/cashflow/runs/{run_id}/ladder/positions";
const MOST = 200;

export function Paying({ chosen, bucket, currency, label }: { chosen: Chosen; bucket: Bucket; currency: string; label: string }) {
  const { run, scenario, basis, buckets, node } = chosen;
  const narrowed = node ? { node } : {};
  const asked = useAsk(question<PayingRow[], typeof PAYING>(PAYING, { path: { run_id: run }, query: { scenario, basis: basis as "BEHAVIOURAL", buckets, bucket: bucket.key, limit: MOST, ...narrowed } }));
  const close = () => set({ pays: null });
  const to = (id: string) => link(`/positions/${encodeURIComponent(id)}`);
  return (
    <Dialog label={`What is paid in ${bucket.name}`} kind="drawer" onClose={close}>
      <header class="dhead">
        <h2>
          {bucket.name}: who pays {level(bucket.flow / 1e6, 1)} {currency} m
        </h2>
        <span class="grow" />
        <a class="btn sm" download href={addressOf(PAYING, { run_id: run }, { scenario, basis, buckets, bucket: bucket.key, limit: "10000", node: node ?? undefined, format: "csv" })}>
          <Icon name="export" small />
          CSV
        </a>
        <button type="button" class="icb" data-first aria-label="Close" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      <p class="dsec sec">
        {label}, {basis.toLowerCase()}
        {bucket.end ? `, to ${day(bucket.end)}` : ", after the last date"}
      </p>
      <Answered asked={asked} what="the positions that pay" rows={10} empty={(rows) => !rows.length && <Empty title="No position pays in this bucket." />}>
        {(rows) => (
          <div class="dsec">
            <Table
              label="Positions that pay"
              class="dt"
              rows={rows}
              keyOf={(one) => one.position_id}
              caption={`run ${run}, ${scenario}, ${basis}, bucket ${bucket.key}, ${currency}`}
              columns={[
                { id: "position", label: "Position", isLeft: true, class: () => "mono", cell: (one) => <a href={to(one.position_id)} onClick={(event) => { event.preventDefault(); go(to(one.position_id)); }}>{one.position_id}</a>, text: (one) => one.position_id },
                { id: "currency", label: "Pays in", isLeft: true, cell: (one) => one.currency, text: (one) => one.currency },
                { id: "principal", label: "Principal", unit: `${currency} m`, class: lossOf("principal_base"), cell: (one) => money(one.principal_base), text: (one) => one.principal_base },
                { id: "interest", label: "Interest", unit: `${currency} m`, class: lossOf("interest_base"), cell: (one) => money(one.interest_base), text: (one) => one.interest_base },
                { id: "flow", label: "Flow", unit: `${currency} m`, class: lossOf("cash_flow_base", "bold"), cell: (one) => money(one.cash_flow_base), text: (one) => one.cash_flow_base },
              ]}
            />
            <p class="hint">{rows.length < MOST ? `All ${count(rows.length)} that pay in it.` : `The ${count(rows.length)} largest; the CSV has up to 10,000.`}</p>
          </div>
        )}
      </Answered>
    </Dialog>
  );
}

function money(value: number | null) {
  return value === null ? <span class="na left" title="no exchange rate into base currency">no data</span> : <span title={exact(value)}>{level(value / 1e6, 3)}</span>;
}

function lossOf(name: "principal_base" | "interest_base" | "cash_flow_base", more = "") {
  return (row: PayingRow) => [more, (row[name] ?? 0) < 0 ? "neg" : ""].join(" ").trim() || undefined;
}
