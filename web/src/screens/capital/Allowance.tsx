/** The allowance from one run to another: filled adds, outlined releases. */
import { sum } from "d3-array";
import type { Asked } from "../../api/asking";
import type { RunDocument } from "../../api/shapes";
import { Waterfall } from "../../charts/Waterfall";
import { ChartPanel } from "../../charts/Twin";
import { change, exact, level, short } from "../../numbers/format";
import { Answered, Empty } from "../../parts/Panel";
import { against } from "../../state/book";
import type { CapitalRow, RollRow } from "./questions";

interface AllowanceProps {
  asked: Asked<RollRow[]>;
  capital: CapitalRow[] | undefined;
  run: RunDocument;
}

const STEPS: [key: keyof RollRow, name: string][] = [
  ["initial_pcd", "Bought impaired"],
  ["provision_new", "New"],
  ["provision_exits", "Repaid, sold"],
  ["provision_remeasurement", "Credit, time"],
  ["provision_policy", "Policy"],
  ["charge_offs", "Charge-offs"],
  ["recoveries", "Recoveries"],
  ["fx", "FX"],
];

export function Allowance({ asked, capital, run }: AllowanceProps) {
  const whole = asked.data?.find((row) => row.segment === "TOTAL");
  const now = sum(capital ?? [], (row) => row.allowance ?? 0);
  const steps = whole ? stepsOf(whole) : [];
  return (
    <ChartPanel
      title="Allowance"
      unit={`roll-forward, ${run.base_currency} m · filled adds, outlined releases`}
      file="allowance"
      rows={asked.data}
      keyOf={(row) => row.segment}
      columns={[
        { id: "segment", label: "Segment", isLeft: true, cell: (row) => row.segment, text: (row) => row.segment },
        ...(["opening", ...STEPS.map(([key]) => key), "closing"] as (keyof RollRow)[]).map((key) => ({ id: key, label: key.replace("provision_", "").replaceAll("_", " "), cell: (row: RollRow) => <span title={exact(row[key] as number)}>{level((row[key] as number) / 1e6, 1)}</span>, text: (row: RollRow) => row[key] })),
      ]}
      instead={
        against.value ? undefined : (
          <div class="body">
            <Empty title={`${run.base_currency} ${level(now / 1e6, 1)} m is set aside.`}>Choose an earlier run under Against, and this says how it got there.</Empty>
          </div>
        )
      }
    >
      <Answered asked={asked} what="the roll-forward" rows={5}>
        {() =>
          whole && (
            <div class="body">
              <Waterfall finding={`The allowance went from ${level(whole.opening / 1e6, 1)} to ${level(whole.closing / 1e6, 1)} ${run.base_currency} m`} width={480} height={196} isNeutral steps={steps} />
              <p class="hint">
                From run {short(against.value ?? "")} to {short(run.run_id)}.
              </p>
            </div>
          )
        }
      </Answered>
    </ChartPanel>
  );
}

/** Steps that moved nothing are folded. */
function stepsOf(whole: RollRow) {
  const moved = STEPS.filter(([key]) => whole[key] !== 0);
  return [
    { key: "opening", name: "Opening", value: whole.opening, shown: level(whole.opening / 1e6, 1), isLevel: true },
    ...moved.map(([key, name]) => ({ key, name, value: signed(key, whole), shown: change(signed(key, whole) / 1e6, 1) })),
    { key: "closing", name: "Closing", value: whole.closing, shown: level(whole.closing / 1e6, 1), isLevel: true },
  ];
}

function signed(key: keyof RollRow, whole: RollRow): number {
  return whole[key] as number;
}
