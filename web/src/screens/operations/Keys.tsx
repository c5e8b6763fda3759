/** Keys: who may come in without a browser, what each may do, and where. A key is shown once, when it is made. */
import { useState } from "preact/hooks";
import { forget, useAsk } from "../../api/asking";
import { command, question } from "../../api/client";
import { Chip } from "../../parts/Cells";
import type { Column } from "../../parts/columns";
import { Choose, CommandButton, Field, listed, Sheet, ShownOnce } from "../../parts/Form";
import { Answered, Empty, Panel } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { ago, clock, counted, day } from "../../numbers/format";
import { may, me } from "../../state/session";
import { tell } from "../../shell/announce";

interface KeyLine {
  key_id: string;
  name: string;
  role: string;
  nodes: string[];
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  revoked_at: string | null;
}

interface NewKey extends KeyLine {
  key: string;
}

const KEYS = "/api/v1/orchestrator/keys";
const ROLES = [
  ["viewer", "read figures in scope"],
  ["analyst", "read; bring portfolios and markets, define scenarios, mappings and policies, submit runs and cancel own ones"],
  ["operator", "what an analyst may; cancel, retry and archive any run, rebuild read models, publish marts, schedules and messages"],
  ["approver", "read; approve, reject and publish runs, approve models and policies"],
  ["auditor", "read everything in every scope, evidence and the access log; change nothing"],
  ["admin", "keys and roles, and every command"],
] as const;

export function Keys() {
  return (
    <div class="cols manage">
      {may("orchestrator_list_keys") ? <KeysPanel /> : <NotAllowed />}
      <Roles />
    </div>
  );
}

function NotAllowed() {
  return (
    <Panel title="Keys">
      <div class="body">
        <Empty title={`As ${me.value.role} you may not see keys.`}>Whoever has the role admin lists, makes and revokes them.</Empty>
      </div>
    </Panel>
  );
}

function KeysPanel() {
  const asked = useAsk(question<KeyLine[], typeof KEYS>(KEYS));
  const [isNew, setNew] = useState(false);
  const [made, setMade] = useState<NewKey | null>(null);
  const [revoking, setRevoking] = useState<KeyLine | null>(null);
  const again = () => {
    forget(KEYS);
    asked.again();
  };
  const columns: Column<KeyLine>[] = [
    { id: "name", label: "Name", isLeft: true, cell: (row) => <b>{row.name}</b>, text: (row) => row.name },
    { id: "id", label: "Key", isLeft: true, class: () => "mono", cell: (row) => row.key_id, text: (row) => row.key_id },
    { id: "role", label: "Role", isLeft: true, cell: (row) => row.role, text: (row) => row.role },
    { id: "nodes", label: "Where", isLeft: true, cell: (row) => where(row.nodes), text: (row) => row.nodes.join(" ") },
    { id: "created", label: "Made", isLeft: true, cell: (row) => day(row.created_at), text: (row) => row.created_at },
    { id: "expires", label: "Ends", isLeft: true, cell: (row) => (row.expires_at ? day(row.expires_at) : "never"), text: (row) => row.expires_at },
    { id: "used", label: "Last used", isLeft: true, cell: (row) => (row.last_used_at ? <span title={`${day(row.last_used_at)} ${clock(row.last_used_at)}`}>{ago(row.last_used_at, new Date())}</span> : <span class="na">never</span>), text: (row) => row.last_used_at },
    { id: "state", label: "State", isLeft: true, cell: (row) => <State row={row} />, text: (row) => stateOf(row) },
    { id: "acts", label: <span class="vh">What can be done</span>, name: "acts", cell: (row) => stateOf(row) === "revoked" || <CommandButton operation="orchestrator_revoke_key" isSmall name="Revoke" label={`Revoke the key ${row.key_id} of ${row.name}`} onClick={() => setRevoking(row)} />, text: () => "" },
  ];
  return (
    <Panel title="Keys" unit="a name may have two: make the new one, then revoke the old" tools={<CommandButton operation="orchestrator_create_key" name="New key" icon="plus" isSmall onClick={() => setNew(true)} />}>
      {me.value.auth === "local" && (
        <p class="body hint">This server asks nobody on this machine for a key; tenor up --auth keys turns that off.</p>
      )}
      <Answered asked={asked} what="the keys" empty={(rows) => !rows.length && <Empty title="There is no key yet.">A key lets a program or a person in, as one role, in all of the tree or at some nodes of it.</Empty>}>
        {(rows) => (
          <div class="pgrid" tabIndex={0} role="group" aria-label="Keys, a row each">
            <Table label="Keys" class="op" columns={columns} rows={rows} keyOf={(row) => row.key_id} />
          </div>
        )}
      </Answered>
      {isNew && (
        <NewKeySheet
          onClose={() => setNew(false)}
          onMade={(key) => {
            setNew(false);
            setMade(key);
            again();
          }}
        />
      )}
      {made && (
        <ShownOnce title={`Key of ${made.name}, ${made.role}`} what="Only its hash is stored: whoever loses it needs another." secret={made.key} onClose={() => setMade(null)}>
          <p class="sec">
            Send it as <code class="mono">Authorization: Bearer …</code>, or paste it where this page asks who you are. It holds for {where(made.nodes)}
            {made.expires_at ? `, until ${day(made.expires_at)}` : ""}.
          </p>
        </ShownOnce>
      )}
      {revoking && <Revoke row={revoking} onClose={() => setRevoking(null)} onDone={again} />}
    </Panel>
  );
}

function where(nodes: string[]): string {
  return nodes.length === 0 || nodes.includes("*") ? "everything" : nodes.join(", ");
}

function stateOf(row: KeyLine): string {
  if (row.revoked_at) return "revoked";
  return row.expires_at && new Date(row.expires_at) <= new Date() ? "expired" : "in use";
}

function State({ row }: { row: KeyLine }) {
  const said = stateOf(row);
  return (
    <span title={row.revoked_at ? `${day(row.revoked_at)} ${clock(row.revoked_at)}` : undefined}>
      <Chip kind={said === "in use" ? "ok" : ""}>{said}</Chip>
    </span>
  );
}

function NewKeySheet({ onClose, onMade }: { onClose(): void; onMade(key: NewKey): void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState("viewer");
  const [nodes, setNodes] = useState("");
  const [expires, setExpires] = useState("90d");
  const [person, setPerson] = useState("");
  const may_ = ROLES.find(([one]) => one === role)?.[1];
  const send = async (key: string) => {
    const body = { name: name.trim(), role, nodes: listed(nodes), ...(expires.trim() ? { expires: expires.trim() } : {}), ...(person.trim() ? { person: person.trim() } : {}) };
    const made = await command<NewKey, typeof KEYS>(KEYS, { body, key });
    tell(`A key of ${made.name} is made`);
    onMade(made);
  };
  return (
    <Sheet title="New key" button="Make the key" icon="key" onSend={send} onClose={onClose}>
      <Field name="Name" value={name} onChange={setName} isFirst isRequired hint="whoever uses it: the actor of what is done with it" />
      <Choose name="Role" value={role} choices={ROLES.map(([one]) => [one, one])} onChange={setRole} hint={`may ${may_}`} />
      <Field name="Nodes" value={nodes} onChange={setNodes} placeholder="everything" hint={nodes.trim() ? `at and below ${counted(listed(nodes).length, "node")}; all else does not exist for it` : "ids of nodes of the tree, with commas; none given: everything"} />
      <Field name="Person" value={person} onChange={setPerson} placeholder="as the name says" hint="whose it is, where somebody has keys of several names: two of one person are no four eyes" />
      <Field name="Ends after" value={expires} onChange={setExpires} hint="12h, 90d, 52w; empty: never" />
    </Sheet>
  );
}

function Revoke({ row, onClose, onDone }: { row: KeyLine; onClose(): void; onDone(): void }) {
  const send = async (key: string) => {
    await command("/api/v1/orchestrator/keys/{key_id}/revoke", { params: { path: { key_id: row.key_id } }, key });
    tell(`The key ${row.key_id} of ${row.name} is revoked`);
    onClose();
    onDone();
  };
  return <Sheet title={`Revoke the key of ${row.name}`} words={`${row.key_id}, ${row.role} of ${where(row.nodes)}, is worth nothing from now on, in sessions of this page too. What it read and did stays in the log.`} button="Revoke" icon="close" onSend={send} onClose={onClose} />;
}

function Roles() {
  return (
    <Panel title="Roles" unit="what each may">
      <dl class="dl roles">
        {ROLES.map(([role, may]) => (
          <>
            <dt>
              {role === me.value.role ? <b>{role}, you</b> : role}
            </dt>
            <dd>{may}</dd>
          </>
        ))}
      </dl>
      <p class="body hint">
        Within a scope, what is beside or above it is as if it did not exist.
      </p>
    </Panel>
  );
}
