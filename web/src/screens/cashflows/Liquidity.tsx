/** Liquidity by rule: what counts, at which weight, by which paragraph. */
import { rollup, sum } from "d3-array";
import { useAsk } from "../../api/asking";
import { change, exact, level, percent } from "../../numbers/format";
import { Answered, Empty, Panel } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { askLiquidity, type Chosen, type LiquidityRow } from "./questions";

const SETS: [set: string, name: string][] = [
  ["LCR", "Thirty days, stressed: LCR"],
  ["NSFR", "A year of stable funding: NSFR"],
];

export function Liquidity({ chosen, currency }: { chosen: Chosen; currency: string }) {
  return (
    <div class="cols twosame">
      {SETS.map(([set, name]) => (
        <OneSet key={set} set={set} name={name} chosen={chosen} currency={currency} />
      ))}
    </div>
  );
}

function OneSet({ set, name, chosen, currency }: { set: string; name: string; chosen: Chosen; currency: string }) {
  const asked = useAsk(askLiquidity(chosen.run, set, chosen.scenario, chosen.node));
  return (
    <Panel title={name} unit={`${currency} m`}>
      <Answered asked={asked} what={set} rows={8} empty={(rows) => !rows.length && <Empty title={`Nothing here counts for the ${set}.`} />}>
        {(rows) => (
          <div class="pgrid pad" tabIndex={0} role="group" aria-label={name}>
            <LiquidityRows rows={rows} />
          </div>
        )}
      </Answered>
    </Panel>
  );
}

interface Item {
  key: string;
  side: string;
  item: string;
  factor: number | null;
  paragraph: string;
  amount: number;
  weighted: number;
}

/** Currencies added up, as each row has its amount in base currency. */
export function itemsOf(rows: LiquidityRow[]): Item[] {
  const grouped = rollup(
    rows.filter((row) => typeof row.weighted_base === "number"),
    (some): Item => {
      const first = some[0]!;
      return { key: `${first.side} ${first.item}`, side: first.side, item: first.item, factor: first.factor, paragraph: first.paragraph, amount: sum(some, (row) => row.amount_base ?? 0), weighted: sum(some, (row) => row.weighted_base ?? 0) };
    },
    (row) => `${row.side} ${row.item} ${row.factor}`,
  );
  return [...grouped.values()];
}

const SIDES: Record<string, string> = { HQLA: "Liquid assets", OUTFLOW: "Outflows", INFLOW: "Inflows", ASF: "Stable funding there", RSF: "Stable funding needed" };

export function LiquidityRows({ rows }: { rows: LiquidityRow[] }) {
  return (
    <Table
      class="lq"
      label="Liquidity by rule"
      rows={itemsOf(rows)}
      keyOf={(one, n) => `${one.key} ${n}`}
      columns={[
        {
          id: "item",
          label: "Item",
          isLeft: true,
          cell: (one) => (
            <>
              {SIDES[one.side] ?? one.side.toLowerCase()}, {one.item.toLowerCase().replaceAll("_", " ")}
              <br />
              <span class="muted">
                {one.factor === null ? "" : `${percent(one.factor, 0)} of ${level(one.amount / 1e6, 1)} · `}
                <span class="rule">{one.paragraph}</span>
              </span>
            </>
          ),
          text: (one) => `${one.side} ${one.item}`,
        },
        { id: "weighted", label: "Counts", class: (one) => (one.side === "OUTFLOW" ? "neg" : undefined), cell: (one) => <span title={exact(one.weighted)}>{change((one.side === "OUTFLOW" ? -1 : 1) * (one.weighted / 1e6), 1)}</span>, text: (one) => one.weighted },
      ]}
    />
  );
}
