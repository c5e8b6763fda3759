/** Every state of a panel, of a cell and of a control, beside one another: for whoever builds a screen. */
import type { Asked } from "../../api/asking";
import { noAnswer, Problem } from "../../api/problem";
import { TOO_CLOSE } from "../../numbers/blanks";
import { Chip } from "../../parts/Cells";
import type { Column } from "../../parts/columns";
import { Icon } from "../../parts/Icon";
import { Answered, Empty, Lacking, Missing, NotInRun, Panel, ProblemNote, Skeleton } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { level } from "../../numbers/format";
import { Cells } from "./Cells";
import { Charts } from "./Charts";
import { Controls } from "./Controls";

interface Desk {
  name: string;
  pv: number;
  dv01: number;
  left: number;
}

const DESKS: Desk[] = [
  { name: "Alder Credit", pv: 459.1, dv01: 121.2, left: 4 },
  { name: "Alder Lending", pv: 3542.2, dv01: 676.5, left: 0 },
  { name: "Alder Treasury", pv: 234.6, dv01: 60.3, left: 0 },
];

const NAME: Column<Desk> = { id: "desk", label: "Desk", isLeft: true, cell: (row) => row.name, text: (row) => row.name };
const PV: Column<Desk> = { id: "pv", label: "PV, USD m", cell: (row) => level(row.pv, 1), text: (row) => row.pv };
const DV01: Column<Desk> = { id: "dv01", label: "DV01, USD k", cell: (row) => level(row.dv01, 1), text: (row) => row.dv01 };
const LEFT: Column<Desk> = { id: "left", label: "Left out", cell: (row) => <span class={row.left ? "left" : "na"}>{row.left}</span>, text: (row) => row.left };

const AWAY = new Problem({ title: "Service Unavailable", status: 503, code: "DATABASE_UNAVAILABLE", detail: "the database did not answer in 5 s", fix: "try again in a minute; if it stays, run tenor doctor", request_id: "01JD6X8Q" });
const LACKS = new Problem({ title: "Bad Request", status: 400, code: "BAD_QUERY", detail: "the policy bank@1 has no capital.cet1, with which the path begins", fix: "define a version that has it" });

function answered(data: Desk[] | undefined, isChanging = false): Asked<Desk[]> {
  return { data, isChanging, isWaiting: data === undefined, problem: undefined, again: () => undefined } as Asked<Desk[]>;
}

export default function Gallery() {
  return (
    <>
      <div class="head">
        <h1>States</h1>
        <span class="path">every panel, every cell, every control: for developers, not in the menu</span>
      </div>
      <div class="gallery" tabIndex={0} role="group" aria-label="States">
        <div class="g3">
          <Panel title="Empty" unit="nothing yet">
            <div class="body">
              <Empty title="No run has looked at this book." action={<a class="btn pri" href="/runs/new"><Icon name="plus" small />New run</a>}>
                A run values every position under the scenarios you choose; this one would take about 6 s.
              </Empty>
            </div>
          </Panel>
          <Panel title="Loading" unit="after 150 ms">
            <div class="body">
              <Skeleton rows={4} />
              <p class="hint">After 2 s: waiting for totals by desk of run 180d24b7</p>
            </div>
          </Panel>
          <Panel title="Changing" unit="only a parameter changed">
            <div class="body">
              <Answered asked={answered(DESKS, true)} what="totals by desk">{(rows) => <Desks rows={rows} columns={[NAME, PV, DV01]} label="Totals by desk, of before" />}</Answered>
              <p class="hint">stagflation@1 is asked for; the figures above are still BASE</p>
            </div>
          </Panel>
          <Panel title="Partial" unit="figures that leave something out" tools={<Chip kind="warn"><Icon name="warning" />4 left out</Chip>}>
            <div class="body">
              <Desks rows={DESKS} columns={[NAME, PV, DV01, LEFT]} label="Totals by desk, some left out" />
            </div>
          </Panel>
          <Panel title="Error" unit="the rest of the screen lives on">
            <ProblemNote problem={AWAY} again={() => undefined} />
          </Panel>
          <Panel title="Not in this run" unit="asked too little">
            <NotInRun measure="KEY_RATE_DV01" run="23e64dd4" again={<a class="btn sm" href="/runs/new">Run again with it</a>} />
          </Panel>
          <Panel title="Stale" unit="a newer run is offered, never swapped">
            <div class="body">
              <div class="note info">
                <Icon name="info" />
                <div>
                  <b>Run 9c21b6f0 was published at 22:51.</b> You are looking at 180d24b7 of 22:02.
                </div>
              </div>
              <p class="acts">
                <button type="button" class="btn sm">Show it</button>
                <button type="button" class="btn sm ghost">Compare with it</button>
              </p>
            </div>
          </Panel>
          <Panel title="Not there, or not yours" unit="the same words">
            <Missing what="there is no run 9f3c5d10" fix="ask whoever sent the link" />
          </Panel>
          <Panel title="Refused before it is tried" unit="disabled, with the reason beside it">
            <div class="body">
              <p class="beside">
                <button type="button" class="btn" disabled>Approve</button>
                <span class="sec">Asked by you: somebody else must approve.</span>
              </p>
              <p class="beside">
                <button type="button" class="btn" disabled>Publish</button>
                <span class="sec">Loss, stagflation@1 is past a limit that holds publication.</span>
              </p>
            </div>
          </Panel>
          <Panel title="Not made for this" unit="it lacks what the question needs">
            <Lacking problem={LACKS} />
          </Panel>
          <Panel title="No answer" unit="the server is away">
            <ProblemNote problem={noAnswer()} again={() => undefined} />
          </Panel>
          <Panel title="The past" unit="as the log stood at an event">
            <div class="body">
              <div class="note">
                <Icon name="warning" />
                <div>
                  <b>You are looking at the past</b>, as the log stood at event 2,203. Commands wait until you are back.
                </div>
              </div>
              <p class="acts">
                <button type="button" class="btn sm">Back to now</button>
              </p>
            </div>
          </Panel>
        </div>
        <div class="cells2">
          <Cells close={TOO_CLOSE} />
          <Controls />
        </div>
        <Charts />
      </div>
    </>
  );
}

function Desks({ rows, columns, label }: { rows: Desk[]; columns: Column<Desk>[]; label: string }) {
  return <Table label={label} rows={rows} columns={columns} keyOf={(row) => row.name} />;
}
