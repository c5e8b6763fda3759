/** What reprices when: assets less liabilities by bucket, hedges around zero. */
import { sum } from "d3-array";
import { useAsk } from "../../api/asking";
import { Stacked } from "../../charts/Stacked";
import { ChartPanel } from "../../charts/Twin";
import { exact, level, percent } from "../../numbers/format";
import type { Column } from "../../parts/columns";
import { Answered, Empty, Panel } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { gapsOf, type Gap } from "./ladder";
import { askRepricing, type Chosen } from "./questions";

interface RepricingProps {
  chosen: Chosen;
  currency: string;
}

function columns(currency: string): Column<Gap>[] {
  const money = (key: "book" | "swaps" | "hedged" | "cumulative", label: string): Column<Gap> => ({ id: key, label, unit: `${currency} m`, class: (one) => (one[key] < 0 ? "neg" : undefined), cell: (one) => <span title={exact(one[key])}>{level(one[key] / 1e6, 1)}</span>, text: (one) => one[key] });
  return [{ id: "bucket", label: "Bucket", isLeft: true, cell: (one) => one.name, text: (one) => one.name }, money("book", "Book"), money("swaps", "Hedges"), money("hedged", "Gap"), money("cumulative", "Cumulative")];
}

export function GapChart({ chosen, currency, isWide = false }: RepricingProps & { isWide?: boolean }) {
  const asked = useAsk(askRepricing(chosen));
  const gaps = asked.data ? gapsOf(asked.data) : undefined;
  const year = sum(gaps?.filter((one) => one.middle_yr < 1) ?? [], (one) => one.book);
  const all = sum(gaps ?? [], (one) => one.book);
  const finding = all ? `${percent(year / all, 0)} of the book reprices within a year` : "Nothing reprices";
  return (
    <ChartPanel title="What reprices, and when" unit={`${currency} m`} file="repricing" rows={gaps} keyOf={(one) => one.key} columns={columns(currency)} caption={`run ${chosen.run}, repricing, ${currency}`}>
      <Answered asked={asked} what="repricing" rows={5} empty={(found) => !found.length && <Empty title="Nothing reprices after this date." />}>
        {() => (
          <div class="body">
            <Stacked
              finding={finding}
              width={isWide ? 1120 : 344}
              height={isWide ? 260 : 170}
              every={gaps && gaps.length > 14 ? 4 : isWide ? 1 : 3}
              write={(value) => level(value / 1e6, 0)}
              stacks={(gaps ?? []).map((one) => ({
                key: one.key,
                name: one.name,
                parts: [
                  { name: "book", class: "s1", value: one.book },
                  { name: one.swaps < 0 ? "hedges, less" : "hedges, more", class: one.swaps < 0 ? "negm" : "pos", value: one.swaps },
                ],
              }))}
            />
            <p class="hint">{finding}.</p>
            <p class="hint legend">
              <span>
                <i class="bar key" /> book
              </span>
              <span>
                <i class="bar key lesskey" /> hedges, less
              </span>
              <span>
                <i class="bar key morekey" /> hedges, more
              </span>
            </p>
          </div>
        )}
      </Answered>
    </ChartPanel>
  );
}

export function Repricing({ chosen, currency }: RepricingProps) {
  const asked = useAsk(askRepricing(chosen));
  return (
    <div class="cols rowsof2">
      <GapChart chosen={chosen} currency={currency} isWide />
      <Panel title="Gap as a table" class="headless">
        <Answered asked={asked} what="repricing" rows={8}>
          {(rows) => (
            <div class="pgrid" tabIndex={0} role="group" aria-label="Gap as a table">
              <Table class="ld" label="Repricing gap" columns={columns(currency)} rows={gapsOf(rows)} keyOf={(one) => one.key} caption={`run ${chosen.run}, repricing, ${currency}`} />
            </div>
          )}
        </Answered>
      </Panel>
    </div>
  );
}
