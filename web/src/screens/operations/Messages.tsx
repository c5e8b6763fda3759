/** Messages to other systems: where they go, what waits, and the letters that nobody took. */
import { useState } from "preact/hooks";
import { forget, useAsk } from "../../api/asking";
import { command, drop, question } from "../../api/client";
import type { Column } from "../../parts/columns";
import { CommandButton, Field, listed, Sheet, ShownOnce } from "../../parts/Form";
import { Answered, Empty, Panel } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { ago, clock, count, counted, day } from "../../numbers/format";
import { may, me } from "../../state/session";
import { tell } from "../../shell/announce";
import { CheckBox } from "../runs/CheckBox";

interface Letter {
  message_id: string;
  type: string;
  event_position: number;
  made_at: string;
  tries: number;
  last_status: number | null;
  last_error: string | null;
  given_up_at: string;
  webhook_id: string;
}

interface Webhook {
  webhook_id: string;
  version: number;
  url: string;
  events: string[];
  nodes: string[];
  waiting: number;
  delivered: number;
  dead: number;
  last_delivered_at: string | null;
  dead_letters: Letter[];
}

const WEBHOOKS = "/api/v1/orchestrator/webhooks";
const EVENTS = [
  ["run.completed", "a run has ended"],
  ["run.published", "a run is published"],
  ["limit.breached", "a limit is passed"],
  ["ingestion.rejected", "a portfolio is rejected"],
] as const;

export function Messages() {
  if (!may("orchestrator_list_webhooks")) {
    return (
      <div class="alone">
        <Panel title="Messages">
          <div class="body">
            <Empty title={`As ${me.value.role} you may not see where messages go.`}>Operators and admins whose scope is everything define webhooks.</Empty>
          </div>
        </Panel>
      </div>
    );
  }
  return <Allowed />;
}

function Allowed() {
  const asked = useAsk(question<Webhook[], typeof WEBHOOKS>(WEBHOOKS));
  const [isNew, setNew] = useState(false);
  const [secret, setSecret] = useState<{ id: string; secret: string } | null>(null);
  const [dropping, setDropping] = useState<string | null>(null);
  const [replaying, setReplaying] = useState<string | null>(null);
  const [rotating, setRotating] = useState<string | null>(null);
  const again = () => {
    forget(WEBHOOKS);
    asked.again();
  };
  const letters = (asked.data ?? []).flatMap((hook) => hook.dead_letters.map((one) => ({ ...one, webhook_id: hook.webhook_id })));
  return (
    <div class="cols rowsof2">
      <Panel title="Messages" unit="signed, sent again for a day, each under one id" tools={<CommandButton operation="orchestrator_define_webhook" name="New webhook" icon="plus" isSmall onClick={() => setNew(true)} />}>
        <Answered asked={asked} what="the webhooks" empty={(rows) => !rows.length && <Empty title="Nobody is told anything yet.">A webhook tells another system when a run ends or is published, a limit is passed or a portfolio rejected. tenor watch prints the same here.</Empty>}>
          {(rows) => (
            <div class="pgrid" tabIndex={0} role="group" aria-label="Webhooks, a row each">
              <Table label="Webhooks" class="op" columns={hookColumns({ onReplay: setReplaying, onRotate: setRotating, onDrop: setDropping })} rows={rows} keyOf={(row) => row.webhook_id} />
            </div>
          )}
        </Answered>
      </Panel>
      <Panel title="Dead letters" unit={letters.length ? "nobody took them for a day" : undefined}>
        {letters.length ? (
          <div class="pgrid" tabIndex={0} role="group" aria-label="Dead letters, a row each">
            <Table label="Dead letters" class="op" columns={letterColumns(setReplaying)} rows={letters} keyOf={(row) => row.message_id} />
          </div>
        ) : (
          <div class="body">
            <Empty title="Every message was taken, or still is being sent.">What no receiver takes for a day is set aside here, and can be sent again.</Empty>
          </div>
        )}
      </Panel>
      {isNew && (
        <NewWebhook
          onClose={() => setNew(false)}
          onDone={(id, made) => {
            setNew(false);
            if (made) setSecret({ id, secret: made });
            again();
          }}
        />
      )}
      {secret && <ShownOnce title={`Secret of ${secret.id}`} what="The receiver checks by it that a message is ours; no other answer has it. Who loses it makes a new one." secret={secret.secret} onClose={() => setSecret(null)} />}
      {dropping !== null && <Drop id={dropping} onClose={() => setDropping(null)} onDone={again} />}
      {rotating !== null && (
        <Rotate
          id={rotating}
          onClose={() => setRotating(null)}
          onDone={(made) => {
            setSecret({ id: rotating, secret: made });
            setRotating(null);
            again();
          }}
        />
      )}
      {replaying !== null && <Replay id={replaying} onClose={() => setReplaying(null)} onDone={again} />}
    </div>
  );
}

interface HookActs {
  onReplay(id: string): void;
  onRotate(id: string): void;
  onDrop(id: string): void;
}

function hookColumns({ onReplay, onRotate, onDrop }: HookActs): Column<Webhook>[] {
  return [
    { id: "id", label: "Webhook", isLeft: true, cell: (row) => <><b>{row.webhook_id}</b> v{row.version}</>, text: (row) => row.webhook_id },
    { id: "url", label: "Address", isLeft: true, class: () => "mono", cell: (row) => row.url, text: (row) => row.url },
    { id: "events", label: "Tells of", isLeft: true, cell: (row) => row.events.join(", "), text: (row) => row.events.join(" ") },
    { id: "nodes", label: "Where", isLeft: true, cell: (row) => (row.nodes.length ? row.nodes.join(", ") : "everything"), text: (row) => row.nodes.join(" ") },
    { id: "waiting", label: "Waiting", cell: (row) => <span class={row.waiting ? "left" : "na"}>{count(row.waiting)}</span>, text: (row) => row.waiting },
    { id: "delivered", label: "Taken", cell: (row) => count(row.delivered), text: (row) => row.delivered },
    { id: "dead", label: "Dead", cell: (row) => <span class={row.dead ? "left" : "na"}>{count(row.dead)}</span>, text: (row) => row.dead },
    { id: "last", label: "Last taken", isLeft: true, cell: (row) => (row.last_delivered_at ? ago(row.last_delivered_at, new Date()) : <span class="na">never</span>), text: (row) => row.last_delivered_at },
    {
      id: "acts",
      label: <span class="vh">What can be done</span>,
      name: "acts",
      cell: (row) => (
        <span class="acts2">
          {row.dead > 0 && <CommandButton operation="orchestrator_replay_webhook" isSmall name="Replay" label={`Replay the dead letters of ${row.webhook_id}`} onClick={() => onReplay(row.webhook_id)} />}
          <CommandButton operation="orchestrator_rotate_webhook" isSmall name="New secret" label={`New secret of the webhook ${row.webhook_id}`} onClick={() => onRotate(row.webhook_id)} />
          <CommandButton operation="orchestrator_drop_webhook" isSmall name="Drop" label={`Drop the webhook ${row.webhook_id}`} onClick={() => onDrop(row.webhook_id)} />
        </span>
      ),
      text: () => "",
    },
  ];
}

function letterColumns(onReplay: (id: string) => void): Column<Letter>[] {
  return [
    { id: "hook", label: "Webhook", isLeft: true, cell: (row) => row.webhook_id, text: (row) => row.webhook_id },
    { id: "type", label: "Message", isLeft: true, cell: (row) => <b>{row.type}</b>, text: (row) => row.type },
    { id: "event", label: "Event", cell: (row) => count(row.event_position), text: (row) => row.event_position },
    { id: "made", label: "Made", isLeft: true, cell: (row) => `${day(row.made_at)} ${clock(row.made_at)}`, text: (row) => row.made_at },
    { id: "tries", label: "Tries", cell: (row) => count(row.tries), text: (row) => row.tries },
    { id: "error", label: "Why", isLeft: true, cell: (row) => [row.last_status, row.last_error].filter(Boolean).join(" "), text: (row) => row.last_error },
    { id: "acts", label: <span class="vh">What can be done</span>, name: "acts", cell: (row) => <CommandButton operation="orchestrator_replay_webhook" isSmall name="Replay" label={`Replay the message ${row.message_id}`} onClick={() => onReplay(row.message_id)} />, text: () => "" },
  ];
}

function NewWebhook({ onClose, onDone }: { onClose(): void; onDone(id: string, secret: string | undefined): void }) {
  const [id, setId] = useState("");
  const [url, setUrl] = useState("https://");
  const [events, setEvents] = useState<string[]>(["run.completed", "run.published"]);
  const [nodes, setNodes] = useState("");
  const turn = (one: string, isOn: boolean) => setEvents(isOn ? [...events, one] : events.filter((each) => each !== one));
  const send = async (key: string) => {
    const body = { webhook_id: id.trim(), url: url.trim(), events: EVENTS.map(([one]) => one).filter((one) => events.includes(one)), ...(listed(nodes).length ? { nodes: listed(nodes) } : {}) };
    const made = await command<{ secret?: string; version: number }, typeof WEBHOOKS>(WEBHOOKS, { body, key });
    tell(`The webhook ${body.webhook_id}, version ${made.version}, is defined`);
    onDone(body.webhook_id, made.secret);
  };
  return (
    <Sheet title="New webhook" button="Define" icon="plus" onSend={send} onClose={onClose}>
      <Field name="Id" value={id} onChange={setId} isFirst isRequired hint="an id that is there already gets a new version and keeps its secret" />
      <Field name="Address" value={url} onChange={setUrl} type="url" isRequired hint="a receiver on the open internet; private addresses are the server's own setting" />
      <div class="field" role="group" aria-label="Tells of">
        <span class="lab">Tells of</span>
        {EVENTS.map(([one, words]) => (
          <CheckBox key={one} checked={events.includes(one)} onChange={(isOn) => turn(one, isOn)}>
            {words} <span class="muted mono">{one}</span>
          </CheckBox>
        ))}
      </div>
      <Field name="Nodes" value={nodes} onChange={setNodes} placeholder="everything" hint="only of runs with positions at or below them; ids with commas" />
    </Sheet>
  );
}

function Drop({ id, onClose, onDone }: { id: string; onClose(): void; onDone(): void }) {
  const send = async () => {
    await drop("/api/v1/orchestrator/webhooks/{webhook_id}", { params: { path: { webhook_id: id } } });
    tell(`The webhook ${id} is dropped`);
    onClose();
    onDone();
  };
  return <Sheet title={`Drop the webhook ${id}`} words="Its messages and its secret go with it." button="Drop" icon="close" onSend={send} onClose={onClose} />;
}

function Rotate({ id, onClose, onDone }: { id: string; onClose(): void; onDone(secret: string): void }) {
  const [atOnce, setAtOnce] = useState(false);
  const send = async (key: string) => {
    const made = await command<{ secret: string }>("/api/v1/orchestrator/webhooks/{webhook_id}/rotate", { params: { path: { webhook_id: id } }, body: { at_once: atOnce }, key });
    tell(`${id} has another secret`);
    onDone(made.secret);
  };
  return (
    <Sheet title={`New secret of ${id}`} words="For a day messages carry the signature of both, so that the receiver has time to change." button="Make it" icon="key" onSend={send} onClose={onClose}>
      <CheckBox checked={atOnce} onChange={setAtOnce}>
        At once: the secret of before is known to somebody
      </CheckBox>
    </Sheet>
  );
}

function Replay({ id, onClose, onDone }: { id: string; onClose(): void; onDone(): void }) {
  const send = async (key: string) => {
    const said = await command<{ replayed: number }>("/api/v1/orchestrator/webhooks/{webhook_id}/replay", { params: { path: { webhook_id: id } }, key });
    tell(`${counted(said.replayed, "message")} ${said.replayed === 1 ? "is" : "are"} sent again`);
    onClose();
    onDone();
  };
  return <Sheet title={`Replay ${id}`} words="What nobody took is sent again, for another day, under the same ids." button="Replay" icon="again" onSend={send} onClose={onClose} />;
}
