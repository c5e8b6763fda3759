/** The ladder, drawn and as a table that is always open. */
import { greatest, sum } from "d3-array";
import type { Asked } from "../../api/asking";
import { useAsk } from "../../api/asking";
import { Stacked } from "../../charts/Stacked";
import { exact, level, percent } from "../../numbers/format";
import type { Column } from "../../parts/columns";
import { Answered, Empty, Panel } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { place, set } from "../../place";
import { bucketsOf, type Bucket, type LadderRow } from "./ladder";
import { LiquidityRows } from "./Liquidity";
import { GapChart } from "./Repricing";
import { askLiquidity, type Chosen } from "./questions";

interface LadderProps {
  asked: Asked<LadderRow[]>;
  contractual: Asked<LadderRow[]>;
  buckets: Bucket[];
  chosen: Chosen;
  currency: string;
}

const PARTS = [
  ["interest", "s1", "interest"],
  ["scheduled", "s2", "scheduled"],
  ["prepaid", "s3", "prepaid"],
  ["recovered", "rec", "recovered"],
  ["other", "soft", "exchanged"],
] as const;

export function Ladder({ asked, contractual, buckets, chosen, currency }: LadderProps) {
  const terms = new Map(bucketsOf(contractual.data ?? []).map((one) => [one.key, one]));
  const largest = greatest(buckets, (one) => one.flow);
  const marked = place.value.query.bucket;
  const pick = (key: string) => set({ bucket: key === marked ? null : key });
  const open = (key: string) => set({ bucket: key, pays: key });
  const shown = (value: number) => level(value / 1e6, 0);
  return (
    <div class="cols flowgrid">
      <Panel
        title="What is paid, and when"
        unit={`${currency} m by bucket`}
        tools={
          <span class="hint lg">
            {PARTS.filter(([key]) => key !== "other" || buckets.some((one) => one.other !== 0)).map(([key, kind, name]) => (
              <span key={key}>
                <i class={kind} />
                {name}
              </span>
            ))}
            {terms.size > 0 && (
              <span>
                <i class="con" />
                contractual
              </span>
            )}
          </span>
        }
      >
        <Answered asked={asked} what="the ladder" rows={6} empty={() => !buckets.length && <Empty title="Nothing is paid after this date." />}>
          {() => (
            <div class="body">
              <Stacked
                finding={largest ? `Cash flow by bucket, ${currency} m: most in ${largest.name}, ${level(largest.flow / 1e6, 0)}` : ""}
                write={shown}
                every={buckets.length > 14 ? 3 : 1}
                onChoose={open}
                stacks={buckets.map((one) => ({
                  key: one.key,
                  name: one.name,
                  isMarked: one.key === marked || (!marked && one === largest),
                  shown: buckets.length > 14 ? undefined : shown(one.flow),
                  tick: terms.get(one.key)?.flow ?? null,
                  parts: PARTS.map(([key, kind, name]) => ({ name, class: kind, value: one[key] })),
                }))}
              />
            </div>
          )}
        </Answered>
      </Panel>
      <GapChart chosen={chosen} currency={currency} />
      <Panel title="Ladder as a table" class="headless">
        <Answered asked={asked} what="the ladder" rows={8}>
          {() => (
            <div class="pgrid" tabIndex={0} role="group" aria-label="Ladder as a table">
              <Table class="ld" label="Ladder" columns={columns(currency, terms, buckets)} rows={buckets} keyOf={(one) => one.key} total={totalOf(buckets)} totalLabel="All" isMarked={(one) => one.key === marked} onRow={(one) => pick(one.key)} caption={`run ${chosen.run}, ${chosen.scenario}, ${chosen.basis}, ${currency}`} />
            </div>
          )}
        </Answered>
      </Panel>
      <Thirty chosen={chosen} currency={currency} />
    </div>
  );
}

function Thirty({ chosen, currency }: { chosen: Chosen; currency: string }) {
  const asked = useAsk(askLiquidity(chosen.run, "LCR", chosen.scenario, chosen.node));
  return (
    <Panel title="Thirty days, stressed" unit={`LCR, ${currency} m`}>
      <Answered asked={asked} what="liquidity" rows={5} empty={(rows) => !rows.length && <Empty title="Nothing here counts for the LCR." />}>
        {(rows) => (
          <div class="pgrid pad" tabIndex={0} role="group" aria-label="Thirty days, stressed">
            <LiquidityRows rows={rows} />
          </div>
        )}
      </Answered>
    </Panel>
  );
}

function columns(currency: string, contractual: Map<string, Bucket>, buckets: Bucket[]): Column<Bucket>[] {
  const all = sum(buckets, (one) => one.flow);
  const money = (key: "scheduled" | "prepaid" | "recovered" | "other" | "interest" | "flow", label: string, unit: string): Column<Bucket> => ({
    id: key,
    label,
    unit,
    class: (one) => [key === "flow" ? "bold" : "", one[key] < 0 ? "neg" : ""].join(" ").trim() || undefined,
    cell: (one) => <span title={exact(one[key])}>{level(one[key] / 1e6, 1)}</span>,
    text: (one) => one[key],
  });
  const terms = (one: Bucket) => (one.key ? contractual.get(one.key)?.principal : sum([...contractual.values()], (each) => each.principal)) ?? null;
  return [
    { id: "bucket", label: "Bucket", isLeft: true, cell: (one) => (one.key ? <button type="button" class="text" aria-label={`${one.name}: who pays`} onClick={(event) => { event.stopPropagation(); set({ bucket: one.key, pays: one.key }); }}>{one.name}</button> : one.name), text: (one) => one.name },
    ...(contractual.size ? [{ id: "contractual", label: "Contractual", unit: "principal", cell: (one: Bucket) => (terms(one) === null ? "" : level(terms(one)! / 1e6, 1)), text: terms }] : []),
    money("scheduled", "Scheduled", "principal"),
    money("prepaid", "Prepaid", "principal"),
    money("recovered", "Recovered", "principal"),
    ...(buckets.some((one) => one.other !== 0) ? [money("other", "Exchanged", "principal")] : []),
    money("interest", "Interest", " "),
    money("flow", "Flow", `${currency} m`),
    { id: "cumulative", label: "Cumulative", unit: `${currency} m`, cell: (one) => (one.key ? level(one.cumulative / 1e6, 1) : ""), text: (one) => one.cumulative },
    { id: "share", label: "Share", unit: "of all", class: () => "q", cell: (one) => (all ? percent(one.flow / all, 1) : "–"), text: (one) => (all ? one.flow / all : null) },
  ];
}

function totalOf(buckets: Bucket[]): Bucket {
  const added = (key: keyof Bucket) => sum(buckets, (one) => one[key] as number);
  return { key: "", name: "All", end: "", middle_yr: 0, scheduled: added("scheduled"), prepaid: added("prepaid"), recovered: added("recovered"), other: added("other"), principal: added("principal"), interest: added("interest"), flow: added("flow"), cumulative: 0 };
}
