/** Six rate shocks by currency, heat behind figures. */
import { max } from "d3-array";
import type { Asked } from "../../api/asking";
import { exact, change, percent } from "../../numbers/format";
import type { Column } from "../../parts/columns";
import { Heat } from "../../parts/Heat";
import { Icon } from "../../parts/Icon";
import { Answered, Empty, Panel } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import type { ShockRow } from "./questions";
import { named } from "./words";

const OUTLIER = 0.15;

interface Shock {
  key: string;
  byCurrency: Map<string, number>;
  share: number | null;
}

export function Rates({ asked, currency }: { asked: Asked<ShockRow[]>; currency: string }) {
  return (
    <Panel title="Rate risk, banking book" unit="change in EVE under the shocks of the rule">
      <Answered asked={asked} what="rate shocks" rows={6} empty={(rows) => !rows.length && <Empty title="This run was not asked for rate shocks.">The scenarios irrbb.* are those of the rule.</Empty>}>
        {(rows) => {
          const shocks = shocksOf(rows);
          const worst = shocks.filter((one) => one.share !== null).sort((a, b) => b.share! - a.share!)[0];
          return (
            <>
              <div class="pgrid own" tabIndex={0} role="group" aria-label="Rate shocks">
                <Table class="ir" label="Change in economic value by shock and currency" rows={shocks} keyOf={(one) => one.key} columns={columns(shocks, rows, currency)} />
              </div>
              {worst && worst.share! > OUTLIER && (
                <div class="body above">
                  <div class="note">
                    <Icon name="warning" />
                    <span>
                      <b>
                        Outlier: {named(worst.key)} loses {percent(worst.share!, 1)} of Tier 1, beyond {percent(OUTLIER, 0)}.
                      </b>{" "}
                      Only what the portfolio holds is counted; deposits and funding that are not in it would offset some.
                    </span>
                  </div>
                </div>
              )}
            </>
          );
        }}
      </Answered>
    </Panel>
  );
}

function shocksOf(rows: ShockRow[]): Shock[] {
  const found = new Map<string, Shock>();
  for (const row of rows) {
    const one = found.get(row.shock) ?? { key: row.shock, byCurrency: new Map(), share: null };
    if (row.delta_eve !== null) one.byCurrency.set(row.currency, row.delta_eve);
    if (row.currency === "TOTAL") one.share = row.eve_loss_share_tier1;
    found.set(row.shock, one);
  }
  return [...found.values()];
}

function columns(shocks: Shock[], rows: ShockRow[], currency: string): Column<Shock>[] {
  const currencies = [...new Set(rows.map((row) => row.currency))].filter((one) => one !== "TOTAL");
  const widest = max(shocks, (one) => max(currencies, (each) => Math.abs(one.byCurrency.get(each) ?? 0)) ?? 0) ?? 0;
  const hasShares = shocks.some((one) => one.share !== null);
  return [
    { id: "shock", label: "Shock", isLeft: true, cell: (one) => named(one.key), text: (one) => one.key },
    ...currencies.map((each): Column<Shock> => ({ id: each, label: each, unit: `${currency} m`, cell: (one) => <Heat value={one.byCurrency.get(each) ?? 0} widest={widest} shown={change((one.byCurrency.get(each) ?? 0) / 1e6, 1)} />, text: (one) => one.byCurrency.get(each) })),
    { id: "TOTAL", label: "All", unit: `${currency} m`, class: (one) => ((one.byCurrency.get("TOTAL") ?? 0) < 0 ? "neg" : undefined), cell: (one) => <span title={exact(one.byCurrency.get("TOTAL") ?? 0)}>{change((one.byCurrency.get("TOTAL") ?? 0) / 1e6, 1)}</span>, text: (one) => one.byCurrency.get("TOTAL") },
    ...(hasShares ? [{ id: "share", label: "Loss", unit: "% of Tier 1", class: () => "q", cell: (one: Shock) => (one.share === null ? "–" : percent(one.share, 1)), text: (one: Shock) => one.share }] : []),
  ];
}
