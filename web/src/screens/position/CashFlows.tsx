/** When it pays: by quarter, and the schedule with its factors. */
import { sum } from "d3-array";
import { useState } from "preact/hooks";
import type { Asked } from "../../api/asking";
import { addressOf } from "../../api/client";
import { Stacked } from "../../charts/Stacked";
import { day, exact, level } from "../../numbers/format";
import { Answered, Empty, Panel } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { bare } from "../../state/book";
import { byQuarter, cutOf, quarterOf, totalOf } from "./flows";
import type { Flow } from "./questions";

interface CashFlowsProps {
  asked: Asked<Flow[]>;
  currency: string;
  scenario: string;
  position: string;
  run: string;
}

const FIRST = 4;

export function CashFlows({ asked, currency, scenario, position, run }: CashFlowsProps) {
  const [isWhole, setWhole] = useState(false);
  const flows = asked.data;
  const unit = flows?.length ? `${flows.length} payments, ${scenario}, ${currency} m by quarter` : undefined;
  const file = addressOf("/api/v1/cashflow/runs/{run_id}/positions/{position_id}", { run_id: run, position_id: position }, { scenario: bare(scenario), format: "csv" });
  return (
    <Panel
      title="Cash flows"
      unit={unit}
      class="flows"
      tools={
        flows?.length ? (
          <span class="hint lg">
            <span>
              <i class="s1" />
              interest
            </span>
            <span>
              <i class="s2" />
              principal
            </span>
            <a href={file} download="">
              CSV
            </a>
          </span>
        ) : undefined
      }
    >
      <Answered asked={asked} what="cash flows" rows={6} empty={(found) => !found.length && <Empty title="It pays nothing after this date." />}>
        {(found) => (
          <div class="body flowpair">
            <Chart flows={found} currency={currency} />
            <div class="scrolls" tabIndex={0} role="group" aria-label="Schedule">
              <Schedule flows={found} currency={currency} isWhole={isWhole} open={() => setWhole(true)} />
            </div>
          </div>
        )}
      </Answered>
    </Panel>
  );
}

function Chart({ flows, currency }: { flows: Flow[]; currency: string }) {
  const quarters = byQuarter(flows);
  const cut = cutOf(quarters);
  const most = quarters.reduce((a, b) => (totalOf(b) > totalOf(a) ? b : a));
  const told = cut ? `${level(cut.total / 1e6, 1)} m falls due ${dueOf(flows, cut.at)}` : `most in ${most.key}, ${level(totalOf(most) / 1e6, 3)} m`;
  const share = (key: string, value: number, total: number) => (cut && key === cut.at ? (value * cut.shown) / total : value);
  return (
    <div>
      <Stacked
        finding={`Payments by quarter, ${currency}: ${told}`}
        width={384}
        height={176}
        write={(value) => level(value / 1e6, Math.abs(value) < 1e6 ? 2 : 1)}
        stacks={quarters.map((one) => ({
          key: one.key,
          name: one.name,
          parts: [
            { name: "interest", class: "s1", value: share(one.key, one.interest, totalOf(one)) },
            { name: "principal", class: "s2", value: share(one.key, one.principal, totalOf(one)) },
          ],
          isCut: one.key === cut?.at,
          told: one.key === cut?.at ? told : undefined,
        }))}
      />
    </div>
  );
}

/** The day of the largest payment of a quarter. */
function dueOf(flows: Flow[], quarter: string): string {
  const mine = flows.filter((one) => quarterOf(one) === quarter);
  const most = mine.reduce((a, b) => (b.principal + b.interest > a.principal + a.interest ? b : a));
  return day(most.pay_date);
}

interface ScheduleProps {
  flows: Flow[];
  currency: string;
  isWhole: boolean;
  open(): void;
}

function Schedule({ flows, currency, isWhole, open }: ScheduleProps) {
  const folded = !isWhole && flows.length > FIRST + 2;
  const rows = folded ? [...flows.slice(0, FIRST), ...flows.slice(-1)] : flows;
  const more = (
    <button type="button" class="text more" onClick={open}>
      {flows.length - FIRST - 1} more payments
    </button>
  );
  const money = (value: number) => <span title={exact(value)}>{level(value, 2)}</span>;
  const total = { ...flows[0]!, pay_date: "", opening_balance: NaN, principal: sum(flows, (one) => one.principal), interest: sum(flows, (one) => one.interest), discount_factor: null };
  return (
    <>
      <Table
        label="Schedule"
        rows={rows}
        keyOf={(one) => String(one.period)}
        between={folded ? { after: FIRST, row: more } : undefined}
        total={total}
        totalLabel="Total"
        columns={[
          { id: "pay_date", label: "Paid on", unit: "adjusted", isLeft: true, cell: (one) => day(one.pay_date), text: (one) => one.pay_date },
          { id: "opening", label: "Balance", unit: `before, ${currency}`, cell: (one) => (Number.isNaN(one.opening_balance) ? "" : money(one.opening_balance)), text: (one) => one.opening_balance },
          { id: "principal", label: "Principal", unit: currency, cell: (one) => money(one.principal), text: (one) => one.principal },
          { id: "interest", label: "Interest", unit: currency, cell: (one) => money(one.interest), text: (one) => one.interest },
          { id: "factor", label: "Discount", unit: "factor", class: () => "q", cell: (one) => (one.discount_factor === null ? "" : level(one.discount_factor, 6)), text: (one) => one.discount_factor },
        ]}
      />
    </>
  );
}
