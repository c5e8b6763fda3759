/** The allowance from one run to another: filled adds, outlined releases. */
import { sum } from "d3-array";
import type { Asked } from "../../api/asking";
import type { RunDocument, RunLine } from "../../api/shapes";
import { Waterfall } from "../../charts/Waterfall";
import { ChartPanel } from "../../charts/Twin";
import { change, day, exact, level, short } from "../../numbers/format";
import { Answered, Empty, isLacking, Lacking } from "../../parts/Panel";
import type { CapitalRow, RollRow } from "./questions";

interface AllowanceProps {
  asked: Asked<RollRow[]>;
  capital: CapitalRow[] | undefined;
  run: RunDocument;
  sides: Sides | null;
}

export interface Sides {
  from: RunLine;
  to: RunLine;
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

export function Allowance({ asked, capital, run, sides }: AllowanceProps) {
  const whole = asked.data?.find((row) => row.segment === "TOTAL");
  const now = sum(capital ?? [], (row) => row.allowance ?? 0);
  const steps = whole && sides ? stepsOf(whole, sides) : [];
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
        isLacking(asked.problem) ? (
          <Lacking problem={asked.problem} />
        ) : !sides ? (
          <div class="body">
            <Empty title={`${run.base_currency} ${level(now / 1e6, 1)} m is set aside.`}>Choose an earlier run under Against, and this says how it got there.</Empty>
          </div>
        ) : undefined
      }
    >
      <Answered asked={asked} what="the roll-forward" rows={5}>
        {() =>
          whole && (
            <div class="body">
              <Waterfall finding={`The allowance went from ${level(whole.opening / 1e6, 1)} to ${level(whole.closing / 1e6, 1)} ${run.base_currency} m`} width={480} height={196} isNeutral steps={steps} />
              <p class="hint">
                From run {short(sides?.from.run_id ?? "")} to {short(sides?.to.run_id ?? "")}.
              </p>
            </div>
          )
        }
      </Answered>
    </ChartPanel>
  );
}

/** Steps that moved nothing are folded. */
function stepsOf(whole: RollRow, sides: Sides) {
  const moved = STEPS.filter(([key]) => whole[key] !== 0);
  return [
    { key: "opening", name: day(sides.from.as_of), value: whole.opening, shown: level(whole.opening / 1e6, 1), isLevel: true },
    ...moved.map(([key, name]) => ({ key, name, value: signed(key, whole), shown: change(signed(key, whole) / 1e6, 1) })),
    { key: "closing", name: day(sides.to.as_of), value: whole.closing, shown: level(whole.closing / 1e6, 1), isLevel: true },
  ];
}

function signed(key: keyof RollRow, whole: RollRow): number {
  return whole[key] as number;
}
