/** Runs by the clock: when each falls due, what it waits for, what became of the last. */
import { useState } from "preact/hooks";
import { forget, useAsk } from "../../api/asking";
import { command, drop, question } from "../../api/client";
import { Chip } from "../../parts/Cells";
import type { Column } from "../../parts/columns";
import { Choose, CommandButton, Field, listed, Sheet } from "../../parts/Form";
import { Answered, Empty, Panel } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { clock, day, short } from "../../numbers/format";
import { link } from "../../place";
import { portfolioName, portfolios, run } from "../../state/book";
import { tell } from "../../shell/announce";

interface Schedule {
  schedule_id: string;
  version: number;
  portfolio: string;
  market: string;
  scenarios: string[];
  measures: string[];
  at: string;
  zone: string;
  calendar: string;
  catch_up: string;
  next_at: string | null;
  waits: string | null;
  waits_since: string | null;
  last_at: string | null;
  last_state: string | null;
  last_reason: string | null;
  last_run_id: string | null;
}

const SCHEDULES = "/api/v1/orchestrator/schedules";
const CALENDARS = ["NONE", "WEEKEND", "TARGET", "US.SETTLEMENT", "US.GOVT", "UK"].map((one) => [one, one] as const);
const CATCH_UP = [
  ["LAST", "the newest of those missed"],
  ["ALL", "each of those missed, in turn"],
  ["NONE", "none that is five minutes late"],
] as const;

export function Schedules() {
  const asked = useAsk(question<Schedule[], typeof SCHEDULES>(SCHEDULES));
  const [isNew, setNew] = useState(false);
  const [dropping, setDropping] = useState<string | null>(null);
  const again = () => {
    forget(SCHEDULES);
    asked.again();
  };
  return (
    <div class="alone wideone">
      <Panel title="Schedules" unit="in UTC; each moment is one run, however often the machine is stopped" tools={<CommandButton operation="orchestrator_define_schedule" name="New schedule" icon="plus" isSmall onClick={() => setNew(true)} />}>
        <Answered asked={asked} what="the schedules" empty={(rows) => !rows.length && <Empty title="Nothing runs by the clock yet.">A schedule runs the newest portfolio of a name on the newest market, both of its own day.</Empty>}>
          {(rows) => (
            <div class="pgrid" tabIndex={0} role="group" aria-label="Schedules, a row each">
              <Table label="Schedules" class="op" columns={columnsOf(setDropping)} rows={rows} keyOf={(row) => row.schedule_id} />
            </div>
          )}
        </Answered>
        {isNew && <NewSchedule onClose={() => setNew(false)} onDone={again} />}
        {dropping !== null && <Drop id={dropping} onClose={() => setDropping(null)} onDone={again} />}
      </Panel>
    </div>
  );
}

function columnsOf(onDrop: (id: string) => void): Column<Schedule>[] {
  return [
    { id: "id", label: "Schedule", isLeft: true, cell: (row) => <><b>{row.schedule_id}</b> v{row.version}</>, text: (row) => row.schedule_id },
    { id: "what", label: "Values", isLeft: true, cell: (row) => `${row.portfolio} on ${row.market}, ${row.scenarios.length ? row.scenarios.join(" ") : "BASE"}`, text: (row) => `${row.portfolio} ${row.market} ${row.scenarios.join(" ")}` },
    { id: "measures", label: "Measures", cell: (row) => <span title={row.measures.join(" ")}>{row.measures.length || "all"}</span>, text: (row) => row.measures.join(" ") },
    { id: "when", label: "Each day at", isLeft: true, cell: (row) => `${row.at} ${row.zone}, ${row.calendar}`, text: (row) => `${row.at} ${row.zone} ${row.calendar}` },
    { id: "catch", label: "Catches up", isLeft: true, cell: (row) => row.catch_up.toLowerCase(), text: (row) => row.catch_up },
    { id: "next", label: "Next", isLeft: true, cell: (row) => (row.next_at ? moment(row.next_at) : "–"), text: (row) => row.next_at },
    { id: "last", label: "Last", isLeft: true, cell: (row) => <Last row={row} />, text: (row) => row.last_at },
    { id: "waits", label: "Waits for", isLeft: true, cell: (row) => (row.waits ? <span class="left" title={row.waits_since ? `since ${moment(row.waits_since)}` : undefined}>{row.waits}</span> : <span class="na">nothing</span>), text: (row) => row.waits },
    { id: "acts", label: <span class="vh">What can be done</span>, name: "acts", cell: (row) => <CommandButton operation="orchestrator_drop_schedule" isSmall name="Drop" label={`Drop the schedule ${row.schedule_id}`} onClick={() => onDrop(row.schedule_id)} />, text: () => "" },
  ];
}

function moment(iso: string): string {
  return `${day(iso)} ${clock(iso)}`;
}

function Last({ row }: { row: Schedule }) {
  if (!row.last_at) return <span class="na">never yet</span>;
  const state = (row.last_state ?? "").toLowerCase();
  return (
    <>
      {moment(row.last_at)} {row.last_run_id ? <a class="mono" href={link(`/runs/${row.last_run_id}`)}>{short(row.last_run_id)}</a> : <Chip square kind="warn">{state}</Chip>}
      {row.last_reason && <span class="muted"> {row.last_reason}</span>}
    </>
  );
}

function NewSchedule({ onClose, onDone }: { onClose(): void; onDone(): void }) {
  const shown = run.value;
  const [id, setId] = useState("nightly");
  const [portfolio, setPortfolio] = useState(shown ? portfolioName(shown.portfolio_snapshot_id) : "");
  const [scenarios, setScenarios] = useState("@nightly");
  const [measures, setMeasures] = useState("PV, DV01, CS01");
  const [at, setAt] = useState("18:30");
  const [zone, setZone] = useState(Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC");
  const [calendar, setCalendar] = useState("WEEKEND");
  const [catchUp, setCatchUp] = useState("LAST");
  const names = [...new Set(portfolios.value.flatMap((one) => one.name ?? []))];
  const send = async (key: string) => {
    const body = { schedule_id: id.trim(), portfolio: portfolio.trim(), market: "latest", scenarios: listed(scenarios), measures: listed(measures).map((one) => one.toUpperCase()), at, zone: zone.trim(), calendar, catch_up: catchUp };
    const made = await command<{ version: number }, typeof SCHEDULES>(SCHEDULES, { body, key });
    tell(`The schedule ${body.schedule_id}, version ${made.version}, is defined`);
    onClose();
    onDone();
  };
  return (
    <Sheet title="New schedule" words="It runs the newest portfolio of the name on the newest market, both dated its own day; until they are there it waits." button="Define" icon="plus" onSend={send} onClose={onClose}>
      <Field name="Id" value={id} onChange={setId} isFirst isRequired hint="an id that is there already gets a new version" />
      <Field name="Portfolio" value={portfolio} onChange={setPortfolio} isRequired hint={names.length ? `known: ${names.slice(0, 6).join(", ")}` : "its name, as it was brought"} />
      <Field name="Scenarios" value={scenarios} onChange={setScenarios} hint="ids or @sets; none: BASE alone" />
      <Field name="Measures" value={measures} onChange={setMeasures} />
      <div class="pairof">
        <Field name="At" type="time" value={at} onChange={setAt} isRequired />
        <Field name="Zone" value={zone} onChange={setZone} isRequired />
      </div>
      <div class="pairof">
        <Choose name="Calendar" value={calendar} choices={CALENDARS} onChange={setCalendar} />
        <Choose name="Catches up" value={catchUp} choices={CATCH_UP} onChange={setCatchUp} />
      </div>
    </Sheet>
  );
}

function Drop({ id, onClose, onDone }: { id: string; onClose(): void; onDone(): void }) {
  const send = async () => {
    await drop("/api/v1/orchestrator/schedules/{schedule_id}", { params: { path: { schedule_id: id } } });
    tell(`The schedule ${id} is dropped`);
    onClose();
    onDone();
  };
  return <Sheet title={`Drop the schedule ${id}`} words="Nothing falls due by it any more. The runs that it asked for stay." button="Drop" icon="close" onSend={send} onClose={onClose} />;
}
