/** Markets: each curve drawn with its nodes, the one before it dashed; and the door for the next. */
import { useState } from "preact/hooks";
import { forget, useAsk } from "../../api/asking";
import { command, pageOf, question } from "../../api/client";
import { noAnswer, Problem } from "../../api/problem";
import type { MarketCurve, MarketDocument, MarketLine } from "../../api/working";
import { Curves } from "../../charts/Curves";
import { ChartPanel } from "../../charts/Twin";
import { Icon } from "../../parts/Icon";
import { Answered, Empty, Panel, ProblemNote } from "../../parts/Panel";
import { clock, counted, day, dayShort, level, short } from "../../numbers/format";
import { query, set } from "../../place";
import { may } from "../../state/session";
import { tell } from "../../shell/announce";
import { pointsOf, type Point } from "../../shocks/preview";

const MARKETS = pageOf<MarketLine, "/api/v1/marketdata/markets">("/api/v1/marketdata/markets", { query: { limit: 100 } });
const MARKET = "/api/v1/marketdata/markets/{snapshot_id}";

export function Markets() {
  const asked = useAsk(MARKETS);
  const rows = asked.data?.rows ?? [];
  const shown = rows.find((one) => one.snapshot_id === query.value.market) ?? rows[0];
  const before = shown && rows.find((one) => one.as_of < shown.as_of);
  return (
    <div class="cols markets">
      <div class="stack">
        {may("marketdata_load_market") && <LoadMarket />}
        <Panel title="Markets" unit={counted(rows.length, "market")}>
          <Answered asked={asked} what="the markets" empty={() => !rows.length && <Empty title="No market has been loaded yet.">Choose its file above: curves, spreads, spots, volatilities and fixings of a day.</Empty>}>
            {() => (
              <ul class="fl">
                {rows.map((one) => (
                  <li key={one.snapshot_id}>
                    <button type="button" aria-current={one === shown || undefined} onClick={() => set({ market: one.snapshot_id })}>
                      <Icon name="curve" small />
                      <b>{day(one.as_of)}</b>
                      <span class="mono muted">{short(one.snapshot_id)}</span>
                      <span class="grow" />
                      <span class="muted">
                        {one.actor}, {dayShort(one.brought_at)} {clock(one.brought_at)}
                      </span>
                    </button>
                  </li>
                ))}
              </ul>
            )}
          </Answered>
        </Panel>
      </div>
      <div class="stack">{shown && <Drawn shown={shown} before={before} />}</div>
    </div>
  );
}

function Drawn({ shown, before }: { shown: MarketLine; before: MarketLine | undefined }) {
  const now = useAsk<MarketDocument>(question<MarketDocument, typeof MARKET>(MARKET, { path: { snapshot_id: shown.snapshot_id } }));
  const then = useAsk<MarketDocument>(before ? question<MarketDocument, typeof MARKET>(MARKET, { path: { snapshot_id: before.snapshot_id } }) : null);
  return (
    <Answered asked={now} what={`the market of ${day(shown.as_of)}`}>
      {(market) => (
        <>
          {market.curves.filter((curve) => curve.nodes).map((curve) => (
            <OneCurve key={curve.curve_id} curve={curve} asOf={market.as_of} before={then.data} />
          ))}
          <Others market={market} />
        </>
      )}
    </Answered>
  );
}

interface NodeRow {
  point: Point;
  before: number | null;
}

function OneCurve({ curve, asOf, before }: { curve: MarketCurve; asOf: string; before: MarketDocument | undefined }) {
  const points = pointsOf(curve.nodes!, asOf);
  const old = before?.curves.find((one) => one.curve_id === curve.curve_id && one.nodes);
  const earlier = old ? pointsOf(old.nodes!, before!.as_of) : undefined;
  const rows: NodeRow[] = points.map((point) => ({ point, before: earlier?.find((one) => one.name === point.name)?.rate ?? null }));
  const moved = rows.flatMap((row) => (row.before === null ? [] : [(row.point.rate - row.before) * 10_000]));
  const most = moved.reduce((found, one) => (Math.abs(one) > Math.abs(found) ? one : found), 0);
  return (
    <ChartPanel
      title={curve.curve_id}
      unit={`${curve.kind === "PAR" ? "par rates" : "zero rates"}, %${before ? ` · before dashed, ${dayShort(before.as_of)}` : ""}`}
      columns={[
        { id: "tenor", label: "Node", isLeft: true, cell: (row) => row.point.name, text: (row) => row.point.name },
        { id: "rate", label: "Rate", unit: "%", cell: (row) => level(row.point.rate * 100, 4), text: (row) => row.point.rate },
        { id: "before", label: "Before", unit: "%", cell: (row) => (row.before === null ? "–" : level(row.before * 100, 4)), text: (row) => row.before },
      ]}
      rows={rows}
      keyOf={(row) => row.point.name}
      file={curve.curve_id}
    >
      <div class="body">
        <Curves finding={`${curve.curve_id}, ${counted(points.length, "node")}${moved.length ? `; it moved by ${level(most, 1)} bp at most` : ""}`} before={earlier ?? points} after={earlier ? points : undefined} width={520} height={150} />
      </div>
    </ChartPanel>
  );
}

function Others({ market }: { market: MarketDocument }) {
  return (
    <Panel title="And besides">
      <dl class="dl body">
        <dt>Spot rates</dt>
        <dd>{(market.fx_spots ?? []).map((one) => `${one.pair} ${level(one.spot, 4)}`).join(", ") || "none"}</dd>
        <dt>Spread curves</dt>
        <dd>{(market.spread_curves ?? []).map((one) => one.curve_id).join(", ") || "none"}</dd>
        <dt>Volatilities</dt>
        <dd>{(market.volatilities ?? []).map((one) => one.surface_id).join(", ") || "none"}</dd>
        <dt>Fixings</dt>
        <dd>{counted(market.fixings?.length ?? 0, "fixing")}</dd>
      </dl>
    </Panel>
  );
}

function LoadMarket() {
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const load = async (file: File | undefined) => {
    if (!file) return;
    setProblem(undefined);
    try {
      const body: unknown = JSON.parse(await file.text());
      const made = await command<{ snapshot_id: string }, "/api/v1/marketdata/markets">("/api/v1/marketdata/markets", { body, key: crypto.randomUUID() });
      forget("marketdata/markets");
      tell(`Market ${short(made.snapshot_id)} is loaded`);
      set({ market: made.snapshot_id });
    } catch (error) {
      setProblem(error instanceof Problem ? error : error instanceof SyntaxError ? notJson(file.name) : noAnswer());
    }
  };
  return (
    <Panel title="Load a market" class="fixed">
      <div class="body">
        <label class="drop">
          <Icon name="curve" />
          <span>
            <b>Choose a market file</b>
            <br />
            <span class="muted">JSON, as docs/market-file.md has it</span>
          </span>
          <input type="file" class="vh" accept=".json,application/json" aria-label="A market file" onChange={(event) => void load(event.currentTarget.files?.[0])} />
        </label>
      </div>
      {problem && <ProblemNote problem={problem} />}
    </Panel>
  );
}

function notJson(name: string): Problem {
  return new Problem({ title: "No market", status: 422, code: "NOT_JSON", detail: `${name} is no JSON document`, fix: "choose a market file, as tenor template writes one" });
}
