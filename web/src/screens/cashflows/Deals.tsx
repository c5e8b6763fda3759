/** Deals: the balance of each tranche by month, and what it pays. */
import { group, sum } from "d3-array";
import { useAsk } from "../../api/asking";
import { addressOf } from "../../api/client";
import { Stacked } from "../../charts/Stacked";
import { ChartPanel } from "../../charts/Twin";
import { day, exact, level, percent } from "../../numbers/format";
import { ExportMenu } from "../../parts/ExportMenu";
import { Answered, Empty, Panel } from "../../parts/Panel";
import { Seg } from "../../parts/Seg";
import { Table } from "../../parts/Table";
import { choose, place } from "../../place";
import { askDeal, askSnapshot, type Chosen, type DealRow } from "./questions";

export function Deals({ chosen, snapshot }: { chosen: Chosen; snapshot: string }) {
  const found = useAsk(askSnapshot(snapshot));
  const deals = found.data?.source.deals ?? [];
  const deal = place.value.query.deal ?? deals[0];
  return (
    <div class="cols rowsof2">
      {deal ? (
        <Deal chosen={chosen} deal={deal} deals={deals} />
      ) : (
        <Panel title="Deals">
          <Answered asked={found} what="deals" empty={() => !deals.length && <Empty title="This portfolio has no deals." />}>
            {() => null}
          </Answered>
        </Panel>
      )}
    </div>
  );
}

const CLASSES = ["s1", "s2", "s3", "rec", "soft", "negm", "pos"];
const MOST_COLUMNS = 60;

interface Tranche {
  id: string;
  balance: number;
  rate: number;
  interest: number;
  principal: number;
  loss: number;
  last: string;
}

function Deal({ chosen, deal, deals }: { chosen: Chosen; deal: string; deals: string[] }) {
  const asked = useAsk(askDeal(chosen.run, deal, chosen.scenario, chosen.basis));
  const tranches = tranchesOf(asked.data ?? []);
  const rows = asked.data ?? [];
  const dates = [...group(rows, (row) => row.pay_date)].sort(([a], [b]) => a.localeCompare(b));
  const step = Math.max(1, Math.ceil(dates.length / MOST_COLUMNS));
  const drawn = dates.filter((_, n) => n % step === 0);
  return (
    <>
      <ChartPanel
        title={deal}
        unit="balance after each payment, m, by tranche"
        file={`deal-${deal}`}
        rows={asked.data}
        keyOf={(row) => `${row.instrument_id} ${row.period}`}
        tools={
          <>
            {deals.length > 1 && <Seg label="Deal" isSmall value={deal} choices={deals.map((one) => [one, one])} onChoose={(one) => choose({ deal: one })} />}
            <ExportMenu what={`every payment of ${deal}`} address={addressOf("/api/v1/cashflow/runs/{run_id}/deals/{deal_id}", { run_id: chosen.run, deal_id: deal }, { scenario: chosen.scenario, basis: chosen.basis })} />
          </>
        }
        columns={[
          { id: "tranche", label: "Tranche", isLeft: true, cell: (row) => row.instrument_id, text: (row) => row.instrument_id },
          { id: "pay_date", label: "Paid on", isLeft: true, cell: (row) => day(row.pay_date), text: (row) => row.pay_date },
          { id: "opening", label: "Balance before", cell: (row) => level(row.opening_balance, 2), text: (row) => row.opening_balance },
          { id: "interest", label: "Interest", cell: (row) => level(row.interest, 2), text: (row) => row.interest },
          { id: "principal", label: "Principal", cell: (row) => level(row.principal, 2), text: (row) => row.principal },
          { id: "loss", label: "Loss", cell: (row) => level(row.loss, 2), text: (row) => row.loss },
        ]}
      >
        <Answered asked={asked} what={`deal ${deal}`} rows={6} empty={(found) => !found.length && <Empty title="The deal pays nothing after this date." />}>
          {() => (
            <div class="body">
              <Stacked
                finding={`Balances of ${deal} by tranche: ${tranches.map((one) => `${one.id} until ${one.last}`).join(", ")}`}
                width={1120}
                height={240}
                every={Math.max(1, Math.ceil(drawn.length / 12))}
                write={(value) => level(value / 1e6, 0)}
                stacks={drawn.map(([date, some]) => ({ key: date, name: date.slice(0, 7), parts: tranches.map((one, n) => ({ name: one.id, class: CLASSES[n % CLASSES.length]!, value: some.find((row) => row.instrument_id === one.id)?.closing_balance ?? 0 })) }))}
              />
              <p class="hint lg">
                {tranches.map((one, n) => (
                  <span key={one.id}>
                    <i class={CLASSES[n % CLASSES.length]} />
                    {one.id}
                  </span>
                ))}
              </p>
            </div>
          )}
        </Answered>
      </ChartPanel>
      <Panel title="Tranches" unit="what is left of each, and what it pays from here">
        <Answered asked={asked} what="tranches" rows={4}>
          {() => (
            <div class="pgrid" tabIndex={0} role="group" aria-label="Tranches">
              <Table
                class="ld"
                label="Tranches"
                rows={tranches}
                keyOf={(one) => one.id}
                columns={[
                  { id: "id", label: "Tranche", isLeft: true, cell: (one) => <span class="mono">{one.id}</span>, text: (one) => one.id },
                  { id: "balance", label: "Balance", unit: "m", cell: (one) => <span title={exact(one.balance)}>{level(one.balance / 1e6, 1)}</span>, text: (one) => one.balance },
                  { id: "rate", label: "Coupon", unit: "%", cell: (one) => percent(one.rate, 2), text: (one) => one.rate },
                  { id: "interest", label: "Interest to come", unit: "m", cell: (one) => level(one.interest / 1e6, 1), text: (one) => one.interest },
                  { id: "principal", label: "Principal to come", unit: "m", cell: (one) => level(one.principal / 1e6, 1), text: (one) => one.principal },
                  { id: "loss", label: "Lost", unit: "m", class: (one) => (one.loss > 0 ? "neg" : undefined), cell: (one) => level(one.loss / 1e6, 1), text: (one) => one.loss },
                  { id: "last", label: "Last payment", unit: " ", cell: (one) => day(one.last), text: (one) => one.last },
                ]}
              />
            </div>
          )}
        </Answered>
      </Panel>
    </>
  );
}

function tranchesOf(rows: DealRow[]): Tranche[] {
  return [...group(rows, (row) => row.instrument_id)].map(([id, some]) => ({
    id,
    balance: some[0]?.opening_balance ?? 0,
    rate: some[0]?.rate ?? 0,
    interest: sum(some, (row) => row.interest),
    principal: sum(some, (row) => row.principal),
    loss: sum(some, (row) => row.loss),
    last: some.filter((row) => row.interest + row.principal > 0).at(-1)?.pay_date ?? "",
  }));
}
