/** Where the number of a position came from, step by step, each with its event; and the proof, checked in this browser. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useAsk } from "../api/asking";
import { question } from "../api/client";
import type { Lineage, LogKey } from "../api/working";
import { Curves } from "../charts/Curves";
import { Chip } from "../parts/Cells";
import { Icon, type IconName } from "../parts/Icon";
import { Answered } from "../parts/Panel";
import { clock, count, counted, day, exactGrouped, level, short } from "../numbers/format";
import { link } from "../place";
import { checkProof, type Proof } from "../proof/check";
import { pointsOf } from "../shocks/preview";

const LINEAGE = "/api/v1/audit/runs/{run_id}/lineage";
const KEYS = question<LogKey[]>("/api/v1/audit/keys");

interface ChainProps {
  runId: string;
  position: string;
  measure: string;
  scenario: string;
}

export function PositionChain({ runId, position, measure, scenario }: ChainProps) {
  const asked = useAsk<Lineage>(question<Lineage, typeof LINEAGE>(LINEAGE, { path: { run_id: runId }, query: { position, measure, scenario } }));
  return (
    <Answered asked={asked} what={`where ${measure} of ${position} came from`} rows={8}>
      {(lineage) => <Chain lineage={lineage} />}
    </Answered>
  );
}

function Chain({ lineage }: { lineage: Lineage }) {
  const keys = useAsk(KEYS);
  const [proof, setProof] = useState<Proof | undefined>(undefined);
  const [turn, setTurn] = useState(0);
  const inclusion = lineage.block.inclusion;
  useEffect(() => {
    let isOver = false;
    setProof(undefined);
    if (inclusion && keys.data) void checkProof(inclusion, keys.data).then((found) => !isOver && setProof(found));
    return () => {
      isOver = true;
    };
  }, [inclusion?.leaf_hash, inclusion?.checkpoint, keys.data, turn]);
  return (
    <>
      <Hero lineage={lineage} proof={proof} />
      <div class="chain">
        <CountsIn lineage={lineage} />
        <Step icon="block" title="Block" right={`event ${count(lineage.block.event_position)} · ${lineage.block.actor} · ${clock(lineage.block.written_at)}`}>
          <p>
            Chunk {lineage.block.chunk_no}, row {count(lineage.block.row_in_chunk + 1)} of {count(lineage.block.positions)}
            <F name="content" hash={lineage.block.content_sha256} />
            <span class="f">
              <span class="muted">bytes</span> {count(lineage.block.payload_bytes)}
            </span>
            <F name="payload" hash={lineage.block.payload_sha256} />
          </p>
        </Step>
        <Step icon="engine" title="Engine">
          <p>
            <span class="mono">{lineage.block.engine_version}</span>
            <span class="f">
              <span class="muted">models</span> {lineage.models.map((one) => `${one.model}@${one.version}`).join(", ") || "none"}
            </span>{" "}
            {lineage.models.some((one) => one.status !== "APPROVED") && (
              <Chip kind="warn" square>
                <Icon name="warning" />
                not approved
              </Chip>
            )}
          </p>
        </Step>
        <Step icon="file" title="Terms, as they were brought" right={`event ${count(lineage.portfolio.event_position)} · ${lineage.portfolio.actor}`}>
          <table class="rows" aria-label="Rows of the files">
            <tbody>
              {fileRows(lineage.portfolio.rows).map((one) => (
                <tr key={one.key}>
                  <th scope="row">{one.file}</th>
                  <td>{one.row}</td>
                  <td class="said" title={one.said}>
                    {one.said}
                  </td>
                  <td class="mono" title={one.sha256}>
                    {short(one.sha256)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Step>
        <MarketStep lineage={lineage} />
        <Step icon="person" title="Who asked">
          {lineage.run.commands.map((one) => (
            <p key={one.event_position}>
              {one.topic} by <b>{one.actor}</b>, {one.at.slice(11, 19)}
              <span class="f">
                <span class="muted">event</span> {count(one.event_position)}
              </span>
              {one.reason && <span class="f">“{one.reason}”</span>}
            </p>
          ))}
        </Step>
        <ProofStep lineage={lineage} proof={proof} onAgain={() => setTurn((n) => n + 1)} />
      </div>
    </>
  );
}

export function Step({ icon, title, right, children }: { icon: IconName; title: string; right?: string; children: ComponentChildren }) {
  return (
    <div class="st">
      <Icon name={icon} />
      <div>
        <div class="sh">
          <h3>{title}</h3>
          <span class="grow" />
          {right && <span class="muted">{right}</span>}
        </div>
        {children}
      </div>
    </div>
  );
}

function F({ name, hash }: { name: string; hash: string }) {
  return (
    <span class="f">
      <span class="muted">{name}</span>{" "}
      <span class="mono" title={hash}>
        {short(hash)}
      </span>
    </span>
  );
}

// --- the number ------------------------------------------------------------------------------------------------------

function Hero({ lineage, proof }: { lineage: Lineage; proof: Proof | undefined }) {
  const { number } = lineage;
  const [value] = Object.values(number.values);
  return (
    <div class="hero">
      <div>
        <p class="sec">
          {number.measure} of <b>{number.position_id}</b> under {number.scenario}, run <span class="mono">{short(number.run_id)}</span>, as of {day(number.as_of)}
        </p>
        <BigNumber value={value ?? null} currency={number.unit === "currency" ? number.currency : ""} reason={number.reason} />
        <p class="hint">{number.meaning}</p>
      </div>
      <ul class="proofs" aria-label="Proofs">
        <Said holds={number.bytes_match_event} good="stored bytes are those of the event" bad="stored bytes are not those of the event" />
        <Said holds={number.content_matches_event} good="content hash matches" bad="content hash differs" />
        {!lineage.block.inclusion ? (
          <Said holds={null} good="" bad="not sealed yet: the sealer comes by within a minute" />
        ) : proof ? (
          <>
            <Said holds={proof.isIncluded} good={`in the log: ${counted(proof.siblings, "hash leads", "hashes lead")} to the root`} bad="the path does not lead to the signed root" />
            <Said
              holds={proof.signature === "unknown" ? null : proof.signature === "holds"}
              good={`signature of log key ${short(proof.key?.key_id ?? "")} holds`}
              bad={proof.signature === "unknown" ? "signature not checked here" : "no key of the log has signed this"}
            />
          </>
        ) : (
          <Said holds={null} good="" bad="being checked in this browser" />
        )}
      </ul>
    </div>
  );
}

export function BigNumber({ value, currency, reason }: { value: number | null; currency: string; reason?: string | null }) {
  if (value === null) return <p class="v">{reason ?? "no number"}</p>;
  const [whole, rest] = exactGrouped(value).split(".");
  return (
    <p class={value < 0 ? "v neg" : "v"}>
      {currency && <span class="cc">{currency} </span>}
      {whole}
      {rest && <span class="fr">.{rest}</span>}
    </p>
  );
}

function Said({ holds, good, bad }: { holds: boolean | null; good: string; bad: string }) {
  return (
    <li class={holds ? "okk" : holds === null ? "okk open" : "okk no"}>
      <Icon name={holds ? "tick" : holds === null ? "info" : "error"} small />
      {holds ? good : bad}
    </li>
  );
}

function CountsIn({ lineage }: { lineage: Lineage }) {
  const nodes = lineage.portfolio.rows.filter((one) => one.table === "portfolio");
  return (
    <Step icon="up" title="Counts in">
      <p>
        {nodes.map((one) => (
          <span key={one.key}>
            <a href={link("/risk", { run: lineage.number.run_id, node: one.key })}>{String(one.fields.name ?? one.key)}</a> ›{" "}
          </span>
        ))}
        All funds
      </p>
    </Step>
  );
}

const NOT_SAID = /(_id|^name|^kind|^parent)$/;

interface FileRow {
  key: string;
  file: string;
  row: string;
  said: string;
  sha256: string;
}

/** A row for each row of a file; the nodes above a book stand in one. */
function fileRows(rows: Lineage["portfolio"]["rows"]): FileRow[] {
  const terms = rows.filter((one) => one.table !== "portfolio").map((one) => ({ key: `${one.table} ${one.key}`, file: one.file, row: one.row === null ? "" : `row ${one.row}`, said: fieldsInWords(one.fields), sha256: one.file_sha256 }));
  const nodes = rows.filter((one) => one.table === "portfolio");
  const [first] = nodes;
  if (!first) return terms;
  const numbers = nodes.map((one) => one.row).filter((one) => one !== null);
  const named = nodes.map((one) => String(one.fields.name ?? one.key)).join(" › ");
  return [...terms, { key: "portfolio", file: first.file, row: numbers.length ? numbers.join(", ") : "", said: named, sha256: first.file_sha256 }];
}

/** What decides most of a value is said first; the rest follows in the order of the file. */
const SAID_FIRST = ["notional", "book_id", "coupon", "rate", "spread", "amortization", "io_months", "maturity_date", "rating", "asset_class"];

function fieldsInWords(fields: Record<string, unknown>): string {
  const rank = (name: string) => (SAID_FIRST.includes(name) ? SAID_FIRST.indexOf(name) : SAID_FIRST.length);
  return Object.entries(fields)
    .filter(([name]) => !NOT_SAID.test(name) || name === "book_id")
    .sort(([a], [b]) => rank(a) - rank(b))
    .map(([name, value]) => `${name} ${typeof value === "number" ? String(value) : String(value)}`)
    .join(", ");
}

function MarketStep({ lineage }: { lineage: Lineage }) {
  const { used } = lineage.market;
  const discount = used.curves.find((one) => one.used_as === "discount");
  const others = used.curves.filter((one) => one !== discount);
  const points = discount ? pointsOf(discount.nodes, used.as_of) : [];
  const shocks = lineage.scenario.document.shocks.length;
  return (
    <Step icon="curve" title="Market and scenario" right={`event ${count(lineage.market.event_position)} · ${lineage.market.actor}`}>
      <div class="mk">
        {discount && (
          <figure>
            <figcaption class="muted">
              {discount.curve_id}, zero rates, %
            </figcaption>
            <Curves finding={`${discount.curve_id}, the curve that discounts, ${counted(points.length, "node")}`} before={points} width={230} height={84} ticks={2} />
          </figure>
        )}
        <div>
          {others.map((one) => (
            <p key={`${one.used_as} ${one.curve_id}`}>
              {one.used_as} <b>{one.curve_id}</b> {rangeOf(one.nodes.map((node) => node.rate))}
            </p>
          ))}
          {used.fx_spots.map((one) => (
            <p key={one.pair}>
              spot <b>{one.pair}</b> {level(one.spot, 4)}
            </p>
          ))}
          {used.fixings.length > 0 && <p>{counted(used.fixings.length, "fixing")}</p>}
          <p>
            scenario <b>{lineage.scenario.scenario}</b>, {shocks ? counted(shocks, "shock") : "no shocks"}
          </p>
        </div>
      </div>
    </Step>
  );
}

function rangeOf(rates: number[]): string {
  if (!rates.length) return "";
  const [low, high] = [Math.min(...rates), Math.max(...rates)];
  return low === high ? `${level(low * 100, 2)} %` : `${level(low * 100, 2)} to ${level(high * 100, 2)} %`;
}

// --- the proof -------------------------------------------------------------------------------------------------------

function ProofStep({ lineage, proof, onAgain }: { lineage: Lineage; proof: Proof | undefined; onAgain(): void }) {
  const inclusion = lineage.block.inclusion;
  return (
    <Step icon="audit" title="Proof" right={proof ? `checkpoint of ${counted(proof.size, "event")}${proof.at ? ` · ${proof.at.slice(11, 19)}` : ""}` : undefined}>
      {!inclusion ? (
        <p>The block is in the log and not sealed yet. The sealer comes by each minute while Tenor runs; `tenor audit seal` does at once.</p>
      ) : (
        <div class="pf">
          <Path siblings={inclusion.path.length} leaf={inclusion.leaf_index} root={inclusion.root} />
          <p role="status">
            {proof
              ? `Checked in this browser in ${level(Math.max(1, proof.ms), 0)} ms, from the leaf and ${counted(proof.siblings, "sibling")}. ${proof.isIncluded && proof.signature === "holds" ? "Nothing is taken on trust." : ""}`
              : "Being checked in this browser."}
          </p>
          <p class="acts">
            <button type="button" class="btn sm" onClick={onAgain}>
              <Icon name="again" small />
              Check again
            </button>
            <a class="btn sm" download={`lineage-${lineage.number.position_id}.json`} href={`/api/v1/audit/runs/${lineage.number.run_id}/lineage?${new URLSearchParams({ position: lineage.number.position_id, measure: lineage.number.measure, scenario: lineage.number.scenario })}`}>
              <Icon name="export" small />
              Evidence
            </a>
          </p>
          <p class="muted">
            Again, bit by bit: <code class="mono">tenor audit replay {short(lineage.number.run_id)}</code>
          </p>
        </div>
      )}
    </Step>
  );
}

const STEP_PX = 30;

/** From the leaf to the root: at each step its sibling, above or below. */
function Path({ siblings, leaf, root }: { siblings: number; leaf: number; root: string }) {
  const width = 60 + (siblings + 1) * STEP_PX;
  const at = (n: number) => 14 + n * STEP_PX;
  return (
    <svg class="ch path" viewBox={`0 0 ${Math.max(width, 260)} 68`} role="img" aria-label={`Leaf ${leaf}, ${siblings} siblings, root ${short(root)}`}>
      <path class="l1" d={`M${at(0)} 30H${at(siblings)}`} />
      {Array.from({ length: siblings }, (_, n) => {
        const up = (leaf >> Math.min(n, 30)) % 2 === 0;
        return (
          <g key={n}>
            <path class="l2" d={`M${at(n)} ${up ? 12 : 48}L${at(n + 1)} 30`} />
            <circle class="s2" cx={at(n)} cy={up ? 12 : 48} r={3.5} />
          </g>
        );
      })}
      {Array.from({ length: siblings + 1 }, (_, n) => (
        <circle key={n} class="s1" cx={at(n)} cy={30} r={n === 0 || n === siblings ? 5 : 3.5} />
      ))}
      <text x={6} y={64}>
        leaf {leaf}
      </text>
      <text x={at(siblings) + 10} y={28} class="strong">
        root
      </text>
      <text x={at(siblings) + 10} y={42}>
        {short(root)}
      </text>
    </svg>
  );
}
