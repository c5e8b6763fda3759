/** Files as people have them: brought, checked row by row, corrected in place, accepted. Nothing is in the log before. */
import { useRef, useState } from "preact/hooks";
import { forget, useAsk } from "../../api/asking";
import { pageOf } from "../../api/client";
import { noAnswer, Problem } from "../../api/problem";
import type { Snapshot } from "../../api/shapes";
import type { IngestReport } from "../../api/working";
import type { Column } from "../../parts/columns";
import { Icon } from "../../parts/Icon";
import { Answered, Empty, Panel, ProblemNote, Waiting } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { count, counted, day, short } from "../../numbers/format";
import { link, query, set } from "../../place";
import { isPast, learnPortfolios } from "../../state/book";
import { may } from "../../state/session";
import { tell } from "../../shell/announce";
import { CheckPanels } from "./Check";
import type { Edit } from "./csv";
import { Markets } from "./Markets";
import { MapColumns, type Reading } from "./MapColumns";
import { isForeign } from "./mapping";
import { firstCells, keyOf, propose, readFiles, reportIn, send, type Brought } from "./upload";

export default function Data() {
  const tab = query.value.tab === "markets" ? "markets" : "portfolios";
  return tab === "markets" ? (
    <>
      <div class="head">
        <h1>Data</h1>
        <Tabs tab={tab} />
      </div>
      <Markets />
    </>
  ) : (
    <Portfolios />
  );
}

function Tabs({ tab }: { tab: string }) {
  return (
    <span class="seg" role="group" aria-label="What to look at">
      {["portfolios", "markets"].map((one) => (
        <button key={one} type="button" aria-pressed={tab === one} onClick={() => set({ tab: one === "portfolios" ? null : one, table: null })}>
          {one === "markets" ? "Markets" : "Portfolios"}
        </button>
      ))}
    </span>
  );
}

interface Upload {
  brought: Brought;
  name: string;
  report: IngestReport | undefined;
  problem: Problem | undefined;
  isWaiting: boolean;
  accepted: IngestReport | undefined;
  /** How a foreign file is read; null for tables of a portfolio. */
  reading: Reading | null;
  /** Whether its columns are looked at. */
  isMapping: boolean;
  cells: Map<string, string[]>;
}

const UNREAD: Reading = { proposed: null, document: null, named: null, book: "", asOf: "" };

function Portfolios() {
  const [upload, setUpload] = useState<Upload | null>(null);
  const [edits, setEdits] = useState<Map<string, Edit>>(new Map());
  const [acceptsValid, setAcceptsValid] = useState(false);
  const key = useRef(crypto.randomUUID());
  const change = (how: Partial<Upload>) => setUpload((before) => before && { ...before, ...how });
  const check = async (of: Upload, made: Map<string, Edit>, valid: boolean) => {
    change({ isWaiting: true, problem: undefined });
    try {
      const report = await send(of.brought, [...made.values()], { isDryRun: true, acceptsValid: valid, name: of.name, ...(of.reading ? { reading: of.reading } : {}) });
      change({ report, isWaiting: false, isMapping: false });
      tell(report.rejected ? `${counted(report.errors.length, "error")} in ${counted(report.rejected, "row")}` : "Nothing is wrong");
    } catch (error) {
      change({ problem: error instanceof Problem ? error : noAnswer(), isWaiting: false });
    }
  };
  const begin = async (files: File[]) => {
    if (!files.length) return;
    const brought = await readFiles(files);
    const name = files.length === 1 ? files[0]!.name.replace(/\.[^.]+$/, "") : (files[0]!.webkitRelativePath.split("/")[0] || "portfolio");
    const isTape = isForeign(files.map((one) => one.name));
    const made: Upload = { brought, name, report: undefined, problem: undefined, isWaiting: true, accepted: undefined, reading: isTape ? UNREAD : null, isMapping: isTape, cells: new Map() };
    key.current = crypto.randomUUID();
    setEdits(new Map());
    setAcceptsValid(false);
    setUpload(made);
    set({ table: null });
    if (isTape) void map(made);
    else void check(made, new Map(), false);
  };
  const map = async (of: Upload) => {
    try {
      const [file] = of.brought.files;
      const proposed = await propose(file!);
      const { built_in: builtIn, mapping } = proposed;
      const delimiter = typeof mapping.format?.delimiter === "string" ? mapping.format.delimiter : undefined;
      const cells = await firstCells(file!, delimiter);
      change({ reading: { ...UNREAD, proposed, document: mapping, named: builtIn }, cells, isWaiting: false });
      tell(`${counted(proposed.columns.length, "column")} of ${file!.name} ${proposed.columns.length === 1 ? "is" : "are"} taken for something`);
    } catch (error) {
      change({ problem: error instanceof Problem ? error : noAnswer(), isWaiting: false });
    }
  };
  const accept = async () => {
    if (!upload) return;
    change({ isWaiting: true, problem: undefined });
    try {
      const accepted = await send(upload.brought, [...edits.values()], { isDryRun: false, acceptsValid, name: upload.name, key: key.current, ...(upload.reading ? { reading: upload.reading } : {}) });
      change({ accepted, report: accepted, isWaiting: false });
      tell(`${upload.name} is stored as ${short(accepted.snapshot_id ?? "")}`);
      forget("snapshots");
      void learnPortfolios();
    } catch (error) {
      const problem = error instanceof Problem ? error : noAnswer();
      key.current = crypto.randomUUID();
      change({ problem, report: reportIn(problem) ?? upload.report, isWaiting: false });
    }
  };
  if (!upload) return <Start onFiles={(files) => void begin(files)} />;
  const { report } = upload;
  return (
    <>
      <div class="head">
        <div>
          <nav class="crumb" aria-label="Where this is">
            <button type="button" class="text" onClick={() => setUpload(null)}>
              Data
            </button>
            <Icon name="right" small /> Portfolios
          </nav>
          <h1>{upload.name}</h1>
        </div>
        <span class="grow" />
        {!upload.accepted && upload.reading && !upload.isMapping && (
          <button type="button" class="btn" onClick={() => change({ isMapping: true, problem: undefined })}>
            <Icon name="columns" small />
            Its columns
          </button>
        )}
        {!upload.accepted && !upload.isMapping && (
          <button type="button" class={edits.size ? "btn pri" : "btn"} disabled={upload.isWaiting} onClick={() => void check(upload, edits, acceptsValid)}>
            <Icon name="again" small />
            Check again{edits.size ? `, with ${counted(edits.size, "change")}` : ""}
          </button>
        )}
        {!upload.accepted && !upload.isMapping && <Accept report={report} hasEdits={edits.size > 0} acceptsValid={acceptsValid} isWaiting={upload.isWaiting} onAccept={() => void accept()} />}
        {upload.accepted && (
          <a class="btn pri" href={link("/runs/new", { portfolio: upload.accepted.snapshot_id })}>
            <Icon name="runs" small />
            Run it
          </a>
        )}
      </div>
      <Stages upload={upload} edits={edits.size} />
      {upload.isMapping && upload.reading && (
        <MapColumns
          file={upload.brought.files[0]!.name}
          reading={upload.reading}
          problem={upload.problem}
          isWaiting={upload.isWaiting}
          cellsOf={(source) => upload.cells.get(String(source)) ?? []}
          onChange={(how) => setUpload((before) => before && { ...before, reading: { ...before.reading!, ...how } })}
          onCheck={() => void check(upload, edits, acceptsValid)}
        />
      )}
      {upload.problem && !upload.isMapping && (
        <div class="alone">
          <section class="panel">
            <ProblemNote problem={upload.problem} />
          </section>
        </div>
      )}
      {upload.accepted && (
        <div class="alone">
          <div class="note ok" role="status">
            <Icon name="tick" />
            <span>
              <b>
                {upload.name} is stored as snapshot <span class="mono">{short(upload.accepted.snapshot_id ?? "")}</span>.
              </b>{" "}
              {edits.size ? `${counted(edits.size, "changed cell")} stand in its lineage.` : ""}
            </span>
          </div>
        </div>
      )}
      {upload.isMapping ? null : report ? (
        <CheckPanels
          brought={upload.brought}
          report={report}
          edits={edits}
          onEdit={(made) => setEdits(new Map([...edits, ...made.map((one): [string, Edit] => [keyOf(one), one])]))}
          acceptsValid={acceptsValid}
          onAcceptsValid={(valid) => {
            setAcceptsValid(valid);
            void check(upload, edits, valid);
          }}
        />
      ) : (
        upload.isWaiting && <Waiting what={`the check of ${upload.name}`} />
      )}
    </>
  );
}

function Accept({ report, hasEdits, acceptsValid, isWaiting, onAccept }: { report: IngestReport | undefined; hasEdits: boolean; acceptsValid: boolean; isWaiting: boolean; onAccept(): void }) {
  if (!may("ingestion_ingest_portfolio")) return null;
  const positions = report?.rows.positions ?? 0;
  const isClean = report !== undefined && report.rejected === 0 && report.errors.length === 0;
  const why = isPast.value ? "you are looking at the past" : isWaiting ? "it is being checked" : !isClean && !acceptsValid ? "correct what is wrong, or accept what is valid" : undefined;
  return (
    <button type="button" class={hasEdits ? "btn" : "btn pri"} disabled={Boolean(why)} title={why} onClick={onAccept}>
      <Icon name="tick" small />
      {isClean || !report ? `Accept ${counted(positions, "position")}` : "Accept what is valid"}
    </button>
  );
}


function Stages({ upload, edits }: { upload: Upload; edits: number }) {
  const { report, accepted, reading, isMapping } = upload;
  const steps = reading ? ["Upload", "Map columns", "Check", "Accept"] : ["Upload", "Check", "Accept"];
  const more = reading ? 1 : 0;
  const size = upload.brought.files.reduce((sum, one) => sum + one.size, 0);
  const rows = report ? Object.values(report.rows).reduce((sum, one) => sum + one, 0) : 0;
  const said = [
    `${counted(upload.brought.files.length, "file")}, ${count(Math.max(1, Math.round(size / 1024)))} kB`,
    ...(reading ? [isMapping ? "at work" : (reading.named ?? reading.document?.mapping_id ?? "")] : []),
    isMapping ? "" : upload.isWaiting ? "at work" : report ? (report.errors.length ? `${counted(report.errors.length, "error")} in ${counted(report.rejected, "row")}` : "nothing is wrong") : "",
    accepted ? "stored" : "",
  ];
  const isWrong = Boolean(report?.errors.length);
  const at = isMapping ? 1 : more + (accepted ? 3 : report && !isWrong ? 2 : 1);
  return (
    <section class="panel stagebar" aria-label="Steps">
      <ol class="stages flat">
        {steps.map((name, n) => (
          <li key={name} class={n < at ? "d" : n === at ? (isWrong && !isMapping ? "x" : "w") : ""} aria-current={n === at ? "step" : undefined}>
            <i>{n < at ? <Icon name="tick" small /> : n + 1}</i>
            <b>{name}</b> <span class="muted">{said[n]}</span>
          </li>
        ))}
        {report && !isMapping && (
          <li class="sum">
            <span>
              <b>{count(rows)}</b> <span class="muted">rows read</span>
            </span>
            {report.rejected > 0 && (
              <span class="wrong">
                <b>{count(report.rejected)}</b> rejected
              </span>
            )}
            {edits > 0 && !accepted && (
              <span>
                <b>{count(edits)}</b> <span class="muted">changed here</span>
              </span>
            )}
          </li>
        )}
      </ol>
    </section>
  );
}

// --- before anything is chosen ----------------------------------------------------------------------------------------

const SNAPSHOTS = pageOf<Snapshot & { actor: string; brought_at: string }, "/api/v1/portfolio/snapshots">("/api/v1/portfolio/snapshots", { query: { limit: 100 } });

function Start({ onFiles }: { onFiles(files: File[]): void }) {
  const asked = useAsk(SNAPSHOTS);
  const [isOver, setOver] = useState(false);
  const columns: Column<Snapshot & { actor: string; brought_at: string }>[] = [
    { id: "name", label: "Portfolio", isLeft: true, cell: (row) => row.name ?? short(row.snapshot_id), text: (row) => row.name },
    { id: "as_of", label: "As of", isLeft: true, cell: (row) => day(row.as_of), text: (row) => row.as_of },
    { id: "positions", label: "Positions", cell: (row) => count(row.row_counts.positions ?? 0), text: (row) => row.row_counts.positions },
    { id: "by", label: "Brought by", isLeft: true, cell: (row) => `${row.actor}, ${day(row.brought_at)}`, text: (row) => row.actor },
    { id: "id", label: "Snapshot", isLeft: true, class: () => "mono", cell: (row) => <span title={row.snapshot_id}>{short(row.snapshot_id)}</span>, text: (row) => row.snapshot_id },
    { id: "run", label: <span class="vh">Run it</span>, name: "run", isLeft: true, cell: (row) => <a href={link("/runs/new", { portfolio: row.snapshot_id })}>Run it</a>, text: () => "" },
  ];
  return (
    <>
      <div class="head">
        <h1>Data</h1>
        <Tabs tab="portfolios" />
      </div>
      <div class="cols start">
        {may("ingestion_ingest_portfolio") && (
          <Panel title="Bring a portfolio" class="fixed">
            <div class="body">
              <label
                class={isOver ? "drop over" : "drop"}
                onDragOver={(event) => {
                  event.preventDefault();
                  setOver(true);
                }}
                onDragLeave={() => setOver(false)}
                onDrop={(event) => {
                  event.preventDefault();
                  setOver(false);
                  onFiles([...(event.dataTransfer?.files ?? [])]);
                }}
              >
                <Icon name="file" />
                <span>
                  <b>Choose its files, or drop them here</b>
                  <br />
                  <span class="muted">CSV or Parquet tables, a .zip of them, or an Excel workbook. Or one file as another system writes it: its columns are mapped first. All is checked; nothing is stored before you accept.</span>
                </span>
                <input type="file" class="vh" multiple accept=".csv,.txt,.psv,.tsv,.xml,.gz,.zip,.xlsx,.parquet" aria-label="Files of a portfolio" onChange={(event) => onFiles([...(event.currentTarget.files ?? [])])} />
              </label>
            </div>
          </Panel>
        )}
        <Panel title="Portfolios" unit="newest first">
          <Answered asked={asked} what="the portfolios" empty={(page) => !page.rows.length && <Empty title="No portfolio has been brought yet.">tenor template writes an empty one, with a page that says what every column means.</Empty>}>
            {(page) => (
              <div class="pgrid">
                <Table label="Portfolios" columns={columns} rows={page.rows} keyOf={(row, n) => `${row.snapshot_id} ${n}`} />
              </div>
            )}
          </Answered>
        </Panel>
      </div>
    </>
  );
}
