/** What is paid when, and what reprices? */
import { greatest, sum } from "d3-array";
import { useEffect } from "preact/hooks";
import { useAsk } from "../../api/asking";
import { addressOf } from "../../api/client";
import { count, day, level, percent } from "../../numbers/format";
import { ExportMenu } from "../../parts/ExportMenu";
import { Figures } from "../../parts/Figures";
import { Icon } from "../../parts/Icon";
import { Listbox } from "../../parts/Listbox";
import { Seg } from "../../parts/Seg";
import { choose, place, set } from "../../place";
import { bare, run as shownRun, scenario as shownScenario } from "../../state/book";
import { screenCommands } from "../../shell/commands";
import { askTree } from "../risk/questions";
import { Deals } from "./Deals";
import { Ladder } from "./Ladder";
import { bucketsOf, type Bucket, type LadderRow } from "./ladder";
import { Liquidity } from "./Liquidity";
import { Repricing } from "./Repricing";
import { Paying } from "./Paying";
import { askLadder, type Chosen } from "./questions";

const VIEWS: [view: string, name: string][] = [
  ["ladder", "Ladder"],
  ["repricing", "Repricing gap"],
  ["liquidity", "Liquidity"],
  ["deals", "Deals"],
];

export const BUCKETS: Record<string, [name: string, buckets: string]> = {
  plain: ["ten buckets", "1M,3M,6M,1Y,2Y,3Y,5Y,7Y,10Y"],
  regulatory: ["regulatory", "IRRBB"],
  quarters: ["by quarter", "3M,6M,9M,12M,15M,18M,21M,24M,27M,30M,33M,36M"],
};

export default function CashFlows() {
  const run = shownRun.value!;
  const query = place.value.query;
  const view = query.view ?? "ladder";
  const sorts = BUCKETS[query.buckets ?? "plain"] ?? BUCKETS.plain!;
  const chosen: Chosen = { run: run.run_id, scenario: bare(shownScenario.value), basis: query.basis ?? "BEHAVIOURAL", buckets: sorts[1], node: query.node ?? null };
  const tree = useAsk(askTree(run.run_id, ["PV"]));
  const ladder = useAsk(view === "ladder" ? askLadder(chosen) : null);
  const contractual = useAsk(view === "ladder" && chosen.basis !== "CONTRACTUAL" ? askLadder({ ...chosen, basis: "CONTRACTUAL" }) : null);
  const buckets = bucketsOf(ladder.data ?? []);
  const paying = buckets.find((one) => one.key === query.pays);
  const nodes = tree.data ?? [];
  const node = nodes.find((one) => one.node_id === chosen.node);
  useEffect(() => {
    const step = (by: number) => {
      const at = buckets.findIndex((one) => one.key === place.value.query.bucket);
      const next = buckets[Math.max(0, Math.min(buckets.length - 1, at + by))];
      if (next) set({ bucket: next.key });
    };
    screenCommands.value = [
      { name: "Bucket before", icon: "up", key: "[", run: () => step(-1) },
      { name: "Bucket after", icon: "down", key: "]", run: () => step(1) },
      { name: "Who pays in the bucket", icon: "find", key: "w", run: () => set({ pays: place.value.query.bucket ?? buckets[0]?.key ?? null }) },
    ];
    return () => {
      screenCommands.value = [];
    };
  }, [buckets.length, ladder.data]);
  return (
    <>
      <div class="head">
        <h1>Cash flows</h1>
        <Seg label="What is shown" value={view} choices={VIEWS} onChoose={(one) => choose({ view: one === "ladder" ? null : one })} />
        <span class="path">
          {node?.name ?? "All funds"}, {shownScenario.value}
        </span>
        <span class="grow" />
        <Seg label="Basis" value={chosen.basis} choices={[["BEHAVIOURAL", "Behavioural"], ["CONTRACTUAL", "Contractual"]]} onChoose={(one) => choose({ basis: one === "BEHAVIOURAL" ? null : one })} />
        <Listbox label="Node" class="btn" right value={chosen.node ?? ""} choices={[{ value: "", label: "All funds" }, ...nodes.map((one) => ({ value: one.node_id, label: one.name, hint: one.kind.toLowerCase() }))]} onChoose={(one) => choose({ node: one || null })} button={<>{node?.name ?? "All funds"}<Icon name="down" small /></>} />
        {view !== "liquidity" && view !== "deals" && (
          <Listbox label="Buckets" class="btn" right value={query.buckets ?? "plain"} choices={Object.entries(BUCKETS).map(([value, [name]]) => ({ value, label: name }))} onChoose={(one) => choose({ buckets: one === "plain" ? null : one })} button={<>Buckets: {sorts[0]}<Icon name="down" small /></>} />
        )}
        {(view === "ladder" || view === "repricing") && (
          <ExportMenu what={`the ${view} by currency`} address={addressOf(view === "ladder" ? "/api/v1/cashflow/runs/{run_id}/ladder" : "/api/v1/cashflow/runs/{run_id}/repricing", { run_id: run.run_id }, { scenario: chosen.scenario, basis: chosen.basis, buckets: chosen.buckets, by: "total", node: chosen.node ?? undefined })} />
        )}
      </div>
      {view === "ladder" && buckets.length > 0 && <Figures figures={figuresOf(buckets, run.base_currency, leftOut(ladder.data ?? []), chosen.basis)} />}
      {view === "ladder" && <Ladder asked={ladder} contractual={contractual} buckets={buckets} chosen={chosen} currency={run.base_currency} />}
      {view === "ladder" && paying && <Paying chosen={chosen} bucket={paying} currency={run.base_currency} label={`${node?.name ?? "All funds"}, ${shownScenario.value}`} />}
      {view === "repricing" && <Repricing chosen={chosen} currency={run.base_currency} />}
      {view === "liquidity" && <Liquidity chosen={chosen} currency={run.base_currency} />}
      {view === "deals" && <Deals chosen={chosen} snapshot={run.portfolio_snapshot_id} />}
    </>
  );
}

/** Told of a currency, the same in each of its buckets. */
function leftOut(rows: LadderRow[]): number {
  return sum(new Map(rows.map((row) => [row.currency, row.left_out])).values());
}

function figuresOf(buckets: Bucket[], currency: string, left: number, basis: string) {
  const unit = `${currency} m`;
  const principal = sum(buckets, (one) => one.principal);
  const interest = sum(buckets, (one) => one.interest);
  const prepaid = sum(buckets, (one) => one.prepaid);
  const largest = greatest(buckets, (one) => one.flow);
  const dated = buckets.filter((one) => Number.isFinite(one.middle_yr));
  const life = principal ? sum(dated, (one) => one.principal * one.middle_yr) / sum(dated, (one) => one.principal) : null;
  const first = buckets[0];
  return [
    { label: "Principal to come", value: level(principal / 1e6, 1), unit, context: basis === "CONTRACTUAL" ? "as the contracts say" : `of which prepaid ${level(prepaid / 1e6, 1)}` },
    { label: "Interest to come", value: level(interest / 1e6, 1), unit, context: "at the run's forward rates" },
    first ? { label: `First bucket, ${first.name}`, value: level(first.flow / 1e6, 1), unit, context: first.end ? `to ${day(first.end)}` : "" } : null,
    life === null ? null : { label: "Average life", value: level(life, 2), unit: "years", context: dated.length < buckets.length ? "of what is paid by the last date" : "by the middle of each bucket" },
    largest ? { label: "Largest bucket", value: level(largest.flow / 1e6, 1), unit, context: `${largest.name}, ${percent(largest.flow / (principal + interest), 1)} of all` } : null,
    { label: "Left out", value: left ? <span class="left">{count(left)}</span> : "0", unit: left === 1 ? "position" : "positions", context: left ? "other products, and failed ones" : "nothing is missing" },
  ];
}
