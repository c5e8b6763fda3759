/** Everything of one position. */
import { max } from "d3-array";
import { useLayoutEffect } from "preact/hooks";
import { useAsk } from "../../api/asking";
import { addressOf } from "../../api/client";
import type { PositionRow, RunDocument } from "../../api/shapes";
import { blankOf, reasonsOf } from "../../numbers/blanks";
import { change, exact, level, percent, short } from "../../numbers/format";
import { MEASURES, write, writing } from "../../numbers/measures";
import { Chip, Delta, Gap, Num } from "../../parts/Cells";
import type { Column } from "../../parts/columns";
import { Figures } from "../../parts/Figures";
import { Icon } from "../../parts/Icon";
import { Listbox } from "../../parts/Listbox";
import { Answered, Panel, ProblemNote, sentence, Waiting } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { choose, link, place } from "../../place";
import type { ScreenProps } from "../index";
import { bare, run as shownRun, scenario as shownScenario } from "../../state/book";
import { copyText } from "../../shell/announce";
import { screenCommands } from "../../shell/commands";
import { product } from "../../shell/words";
import { CashFlows } from "./CashFlows";
import { askExplain, askFlows, askLineage, askPosition, type Explained, type Lineage } from "./questions";
import { TermsInWords } from "./terms";
import { useNeighbours } from "./neighbours";

export default function Position({ parts }: ScreenProps) {
  const run = shownRun.value!;
  const id = parts.position_id ?? "";
  const scenario = shownScenario.value;
  const position = useAsk(askPosition(run.run_id, id));
  const lineage = useAsk(askLineage(run.run_id, id, "PV", bare(scenario)));
  const flows = useAsk(askFlows(run.run_id, id, bare(scenario)));
  const explained = useAsk(run.measures.some((one) => one.startsWith("RWA")) ? askExplain(run.run_id, id) : null);
  const rows = position.data;
  const base = rows?.find((one) => one.scenario_id === "BASE");
  useLayoutEffect(() => {
    screenCommands.value = [
      { name: "Where it came from", icon: "audit", key: "i", run: () => choose({ inspect: `${id}.PV` }) },
      { name: "Copy as", icon: "copy", key: "c", run: () => document.querySelector<HTMLButtonElement>("button[data-list=list-copy-as]")?.click() },
    ];
    return () => {
      screenCommands.value = [];
    };
  }, [id]);
  if (position.problem) return <Alone id={id}>{<ProblemNote problem={position.problem} again={position.again} />}</Alone>;
  if (!rows || !base) return <Alone id={id}>{<Waiting what={`position ${id}`} rows={8} />}</Alone>;
  return (
    <>
      <Head id={id} base={base} lineage={lineage.data} run={run} scenario={scenario} />
      <Figures figures={figuresOf(rows, base, run, scenario)} />
      <div class="cols pos">
        <Panel title="Terms, in words" unit="click any to see its row">
          <Answered asked={lineage} what="terms" rows={5}>
            {(found) => (
              <div class="body scrolls" tabIndex={0} role="group" aria-label="Terms, in words">
                <TermsInWords rows={found.portfolio.rows} />
                <p class="terms">{pricedOn(found)}</p>
              </div>
            )}
          </Answered>
        </Panel>
        <CashFlows asked={flows} currency={base.currency} scenario={scenario} position={id} run={run.run_id} />
        <UnderEveryScenario rows={rows} base={base} run={run} scenario={scenario} />
        <div class="stack">
          {explained.data && <Capital explained={explained.data} base={base} />}
          <LineagePanel asked={lineage} />
        </div>
      </div>
    </>
  );
}

function Alone({ id, children }: { id: string; children: preact.ComponentChildren }) {
  return (
    <>
      <div class="head">
        <h1>
          <span class="mono">{id}</span>
        </h1>
      </div>
      <div class="alone">
        <section class="panel" aria-label={`Position ${id}`}>
          {children}
        </section>
      </div>
    </>
  );
}

interface HeadProps {
  id: string;
  base: PositionRow;
  lineage: Lineage | undefined;
  run: RunDocument;
  scenario: string;
}

function Head({ id, base, lineage, run, scenario }: HeadProps) {
  const nodes = lineage?.portfolio.rows.filter((one) => one.table === "portfolio").reverse() ?? [];
  const issuer = lineage?.portfolio.rows.find((one) => one.table === "issuers")?.fields.name;
  const list = place.value.query.list ?? base.book_id;
  const next = useNeighbours(run.run_id, list, id);
  const failed = base.status === "FAILED";
  return (
    <div class="head">
      <div>
        <nav class="crumb" aria-label="Where this is">
          <a href={link("/risk")}>Risk</a>
          {nodes.map((node) => (
            <>
              <Icon name="right" small />
              <a key={node.key} href={link("/risk", { node: String(node.fields.node_id) })}>
                {String(node.fields.name ?? node.fields.node_id)}
              </a>
            </>
          ))}
        </nav>
        <h1>
          <span class="mono">{id}</span> <span class="sub">{issuer ? `${capital(product(base.product_type))} to ${issuer}` : `${base.currency} ${product(base.product_type)}`}</span>
        </h1>
      </div>
      <span class="grow" />
      <Chip kind={failed ? "bad" : base.status === "PRICED" ? "ok" : "warn"}>
        <Icon name={failed ? "error" : base.status === "PRICED" ? "tick" : "warning"} />
        {base.status.charAt(0) + base.status.slice(1).toLowerCase()}
      </Chip>
      <button type="button" class="btn" onClick={() => choose({ inspect: `${id}.PV` })}>
        <Icon name="audit" small />
        Where it came from
      </button>
      <CopyAs id={id} run={run} scenario={scenario} value={base.pv} />
      <span class="seg">
        <a class="step" aria-disabled={!next.before} aria-label="Previous position in this list" href={next.before ? link(`/positions/${encodeURIComponent(next.before)}`, { list }) : undefined}>
          <Icon name="up" />
        </a>
        <a class="step" aria-disabled={!next.after} aria-label="Next position in this list" href={next.after ? link(`/positions/${encodeURIComponent(next.after)}`, { list }) : undefined}>
          <Icon name="down" />
        </a>
      </span>
    </div>
  );
}

function CopyAs({ id, run, scenario, value }: { id: string; run: RunDocument; scenario: string; value: unknown }) {
  const address = `${location.origin}${addressOf("/api/v1/results/runs/{run_id}/positions/{position_id}", { run_id: run.run_id, position_id: id }, { scenario: scenario === "BASE" ? undefined : bare(scenario) })}`;
  const ways: Record<string, string> = {
    Link: `${location.origin}${link(`/positions/${encodeURIComponent(id)}`, { run: run.run_id })}`,
    curl: `curl '${address}'`,
    Python: `import tenor\ntenor.connect("${location.origin}").runs.get("${run.run_id}").position("${id}")`,
    tenor: `tenor results ${run.run_id} --position ${id}`,
    Value: typeof value === "number" ? exact(value) : "",
  };
  return (
    <Listbox
      label="Copy as"
      id="list-copy-as"
      class="btn"
      right
      value={null}
      choices={Object.keys(ways).map((name) => ({ value: name, label: name }))}
      onChoose={(name) => copyText(ways[name] ?? "", `Copied as ${name}`)}
      button={
        <>
          <Icon name="copy" small />
          Copy as
          <Icon name="down" small />
        </>
      }
    />
  );
}

function figuresOf(rows: PositionRow[], base: PositionRow, run: RunDocument, scenario: string) {
  const reasons = reasonsOf(base.reason);
  const one = (measure: string, context: string) => {
    if (!run.measures.includes(measure)) return null;
    const value = base[measure.toLowerCase()];
    const how = writing(measure, "position");
    return {
      label: measure === "PV" ? "Present value" : how.label,
      value: typeof value === "number" ? write(measure, value, "position") : <Gap blank={blankOf(reasons.get(measure))} />,
      unit: typeof value === "number" ? how.unit(base.currency) : undefined,
      title: typeof value === "number" ? exact(value) : undefined,
      context,
    };
  };
  const under = rows.find((row) => row.scenario_id === bare(scenario) || row.scenario_id === scenario);
  const [pv, before] = [under?.pv_base, base.pv_base];
  const moved = scenario !== "BASE" && typeof pv === "number" && typeof before === "number" ? pv - before : null;
  return [
    one("PV", valueInWords(base, run)),
    one("CLEAN_PRICE", typeof base.accrued_interest === "number" ? `accrued ${base.currency} ${level(base.accrued_interest, 2)}` : ""),
    one("YIELD", "to maturity, at the model's price"),
    one("DV01", typeof base.effective_duration === "number" ? `effective duration ${level(base.effective_duration, 2)} years` : ""),
    one("Z_SPREAD", typeof base.oas === "number" && base.oas === base.z_spread ? "equals OAS: no option" : typeof base.oas === "number" ? `OAS ${level(base.oas, 1)} bp` : ""),
    moved === null
      ? null
      : { label: scenario, value: <span class={moved < 0 ? "neg" : undefined}>{change(moved / 1e6, 3)}</span>, unit: `${run.base_currency} m`, title: exact(moved), context: typeof before === "number" && before ? percent(moved / before, 1, true) : "" },
  ];
}

/** In base currency; of one that is in it already, its dirty price. */
function valueInWords(base: PositionRow, run: RunDocument): string {
  const { pv_base: inBase, dirty_price: dirty } = base;
  if (base.currency !== run.base_currency) return typeof inBase === "number" ? `${run.base_currency} ${level(inBase / 1e6, 3)} m` : "";
  return typeof dirty === "number" ? `dirty price ${level(dirty, 3)}` : "";
}

function pricedOn(found: Lineage): string {
  const curves = found.market.used.curves.map((one) => one.curve_id).join(", ");
  const spots = found.market.used.fx_spots.map((one) => `${one.pair} ${one.spot}`).join(", ");
  return [curves && `Priced on ${curves}.`, spots && `Turned at ${spots}.`].filter(Boolean).join(" ");
}

const SHOWN = ["CLEAN_PRICE", "YIELD", "DV01", "CS01", "EFFECTIVE_DURATION", "CONVEXITY", "WAL"];

interface EveryProps {
  rows: PositionRow[];
  base: PositionRow;
  run: RunDocument;
  scenario: string;
}

function UnderEveryScenario({ rows, base, run, scenario }: EveryProps) {
  const reasons = reasonsOf(base.reason);
  const held = SHOWN.filter((one) => run.measures.includes(one));
  const shown = held.filter((one) => rows.some((row) => typeof row[one.toLowerCase()] === "number") || (reasons.get(one) ?? "") !== "NOT_APPLICABLE");
  const apart = [...reasons].filter(([measure, code]) => code === "NOT_APPLICABLE" && measure in MEASURES && run.measures.includes(measure)).map(([measure]) => writing(measure).label);
  const movedOf = (row: PositionRow) => (row !== base && typeof row.pv_base === "number" && typeof base.pv_base === "number" ? row.pv_base - base.pv_base : null);
  const widest = max(rows, (row) => Math.abs(movedOf(row) ?? 0)) ?? 0;
  const unit = `${counted(rows.length)} of run ${short(run.run_id)}${apart.length ? ` · ${listed(apart)} ${apart.length === 1 ? "does" : "do"} not apply to this ${product(base.product_type)}` : ""}`;
  const own = base.currency === run.base_currency;
  const columns: Column<PositionRow>[] = [
    { id: "scenario", label: "Scenario", isLeft: true, cell: (row) => row.scenario_id, text: (row) => row.scenario_id },
    { id: "pv", label: "PV", unit: `${base.currency} m`, cell: (row) => <Num measure="PV" value={row.pv as number | null} reason={reasonsOf(row.reason).get("PV")} on="position" />, text: (row) => row.pv as number | null },
    ...(own ? [] : [{ id: "pv_base", label: "PV", unit: `${run.base_currency} m`, name: "PV in base currency", cell: (row: PositionRow) => <Num measure="PV" value={row.pv_base as number | null} reason={reasonsOf(row.reason).get("PV")} on="position" />, text: (row: PositionRow) => row.pv_base as number | null }]),
    {
      id: "delta",
      label: "Gain or loss",
      unit: `${run.base_currency} m`,
      cell: (row) => {
        const moved = movedOf(row);
        if (row === base) return "";
        if (moved === 0) return <span class="na">no effect</span>;
        return <Delta value={moved} widest={widest} scale={1e6} digits={3} />;
      },
      text: movedOf,
    },
    ...shown.map((measure): Column<PositionRow> => {
      const how = writing(measure, "position");
      const value = (row: PositionRow) => row[measure.toLowerCase()] as number | null;
      return { id: measure, label: how.label, unit: how.unit(base.currency), name: measure, cell: (row) => <Num measure={measure} value={value(row)} reason={reasonsOf(row.reason).get(measure)} on="position" />, text: value };
    }),
  ];
  return (
    <Panel title="Under every scenario" unit={unit} class="every">
      {base.status === "FAILED" && (
        <div class="body">
          <div class="note bad">
            <Icon name="error" />
            <div>
              <b>{blankOf(reasons.get("PV")).why}.</b> {base.detail && sentence(base.detail)}
            </div>
          </div>
        </div>
      )}
      <div class="pgrid" tabIndex={0} role="group" aria-label="Measures under every scenario">
        <Table label="Measures under every scenario" columns={columns} rows={rows} keyOf={(row) => row.scenario_id} rowClass={(row) => (row === base ? "strong" : undefined)} isMarked={(row) => scenario !== "BASE" && (row.scenario_id === bare(scenario) || row.scenario_id === scenario)} caption={`run ${run.run_id}, position ${base.position_id}`} />
      </div>
    </Panel>
  );
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function counted(number: number): string {
  return `${number} ${number === 1 ? "scenario" : "scenarios"}`;
}

function listed(names: string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

const FRAMEWORKS: Record<string, [name: string, ead: string, weight: string]> = {
  RWA_SA: ["Basel SA", "ead_sa", "risk_weight_sa"],
  RWA_US_SA: ["US SA", "ead_us", "risk_weight_us"],
  RWA_IRB: ["Basel IRB", "ead_irb", "risk_weight_irb"],
};

function Capital({ explained, base }: { explained: Explained; base: PositionRow }) {
  const rows = explained.measures.filter((one) => one.measure in FRAMEWORKS);
  const weightOf = (measure: string) => base[FRAMEWORKS[measure]![2]];
  return (
    <Panel title="Capital" unit={typeof base.ead === "number" ? `EAD ${base.currency} ${level(base.ead / 1e6, 2)} m` : undefined}>
      <div class="body">
        <Table
          class="cap"
          label="Capital by framework"
          rows={rows}
          keyOf={(one) => one.measure}
          columns={[
            { id: "framework", label: "Framework", isLeft: true, cell: (one) => <>{FRAMEWORKS[one.measure]![0]} <a href={link("/capital", { exposure: base.position_id })}>{one.paragraph.replace(/^12 CFR /, "")}</a></>, text: (one) => FRAMEWORKS[one.measure]![0] },
            { id: "weight", label: "Weight", cell: (one) => (typeof weightOf(one.measure) === "number" ? weightInWords(weightOf(one.measure) as number) : <Gap blank={blankOf(one.reason)} />), text: (one) => weightOf(one.measure) as number | null },
            { id: "rwa", label: "RWA, m", cell: (one) => (one.value === null ? <Gap blank={blankOf(one.reason)} /> : <span title={exact(one.value)}>{level(one.value / 1e6, 2)}</span>), text: (one) => one.value },
          ]}
        />
        {typeof base.pd_12m === "number" && typeof base.lgd === "number" && typeof base.el === "number" && (
          <p class="hint above">
            EL = {percent(base.pd_12m, 2)} × {percent(base.lgd, 0)} × EAD = {base.currency} {level(base.el, 0)}.
          </p>
        )}
      </div>
    </Panel>
  );
}

/** Whole percents as rules give them; a decimal where a formula did. */
function weightInWords(weight: number): string {
  const isWhole = Math.abs(weight * 100 - Math.round(weight * 100)) < 1e-9;
  return percent(weight, isWhole ? 0 : 1);
}

function LineagePanel({ asked }: { asked: ReturnType<typeof useAsk<Lineage>> }) {
  const found = asked.data;
  const proved = found?.number.bytes_match_event && found.number.content_matches_event;
  const row = found?.portfolio.rows.find((one) => one.table === "positions");
  return (
    <Panel title="Lineage" unit="of PV" class="fill" tools={found && <Chip kind={proved ? "ok" : "bad"}><Icon name={proved ? "audit" : "error"} />{proved ? "Bytes match" : "Does not match"}</Chip>}>
      <Answered asked={asked} what="lineage" rows={5}>
        {(data) => (
          <div class="body">
            <ul class="lin">
              {row && (
                <li>
                  <Icon name="file" />
                  <span>
                    <b>
                      {row.file}, row {row.row}
                    </b>{" "}
                    <span class="muted">event {data.portfolio.event_position}</span>
                  </span>
                </li>
              )}
              <li>
                <Icon name="curve" />
                <span>
                  <b>{data.market.used.curves.map((one) => one.curve_id).join(", ")}</b> <span class="muted">event {data.market.event_position}</span>
                </span>
              </li>
              <li>
                <Icon name="engine" />
                <span>
                  <b>Engine {data.block.engine_version.slice(0, 14)}</b> <span class="muted">{data.models.map((one) => `${one.model}@${one.version}`).join(", ")}</span>
                </span>
              </li>
              <li>
                <Icon name="block" />
                <span>
                  <b>
                    Chunk {data.block.chunk_no}, row {data.block.row_in_chunk}
                  </b>{" "}
                  <span class="muted">
                    event {data.block.event_position}, {short(data.block.content_sha256)}…
                  </span>
                </span>
              </li>
              <li>
                <Icon name="audit" />
                <span>{data.block.inclusion ? <><b>Checkpoint of {data.block.inclusion.tree_size}</b> <span class="muted">leaf {data.block.inclusion.leaf_index}</span></> : <span class="left">not sealed yet</span>}</span>
              </li>
            </ul>
          </div>
        )}
      </Answered>
    </Panel>
  );
}
