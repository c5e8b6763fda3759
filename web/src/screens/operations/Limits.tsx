/** Limits are a policy's: what each allows, what the run on the screen uses of it, since which version it stands so. */
import { useState } from "preact/hooks";
import { forget, useAsk } from "../../api/asking";
import { command, question } from "../../api/client";
import { Chip } from "../../parts/Cells";
import type { Column } from "../../parts/columns";
import { CommandButton, Field, Sheet } from "../../parts/Form";
import { Listbox } from "../../parts/Listbox";
import { Icon } from "../../parts/Icon";
import { Answered, Empty, Panel } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { count, day, exact, level, percent, short } from "../../numbers/format";
import { choose, query } from "../../place";
import { run } from "../../state/book";
import { tell } from "../../shell/announce";
import { askLimits, type LimitUse } from "../overview/questions";

interface Limit {
  limit_id: string;
  metric: string;
  node?: string;
  by?: string;
  max?: number;
  warn_at?: number;
}

interface Policy {
  policy_id: string;
  version: number;
  latest_version: number;
  status: string;
  defined_at: string;
  actor: string;
  document: { policy_id: string; limits?: Limit[]; [part: string]: unknown };
  limits_since: Record<string, number>;
}

interface PolicyLine {
  policy_id: string;
  version: number;
}

const POLICIES = "/api/v1/regulatory/policies";
const POLICY = "/api/v1/regulatory/policies/{policy}";

/** The policy that is asked for; else that of the run on the screen; else the first there is. */
function wanted(asked: string | undefined, ofRun: string | null | undefined, known: PolicyLine[]): string | null {
  return asked ?? ofRun ?? known[0]?.policy_id ?? null;
}

export function Limits() {
  const listed = useAsk(question<PolicyLine[], typeof POLICIES>(POLICIES));
  const shown = run.value;
  const reference = listed.data ? wanted(query.value.policy, shown?.policy, listed.data) : null;
  const policy = useAsk(reference ? question<Policy, typeof POLICY>(POLICY, { path: { policy: reference } }) : null);
  const isOfRun = Boolean(shown?.policy && policy.data && shown.policy === `${policy.data.policy_id}@${policy.data.version}`);
  const use = useAsk(isOfRun ? askLimits(shown!.run_id) : null);
  const [editing, setEditing] = useState<Limit | "new" | null>(null);
  const found = policy.data;
  const again = () => {
    forget(POLICIES);
    forget(POLICY);
    choose({ policy: found?.policy_id ?? null });
    listed.again();
    policy.again();
  };
  const isLatest = found !== undefined && found.version === found.latest_version;
  const choices = (listed.data ?? []).flatMap((one) => Array.from({ length: one.version }, (_, n) => `${one.policy_id}@${one.version - n}`));
  return (
    <div class="alone wideone">
      <Panel
        title="Limits"
        unit={found ? `policy ${found.policy_id}@${found.version}, by ${found.actor}, ${day(found.defined_at)}; a change is a version and counts for runs that name it` : undefined}
        tools={
          <>
            {found && <Chip kind={found.status === "APPROVED" ? "ok" : "warn"}>{found.status === "APPROVED" ? "approved" : "not approved"}</Chip>}
            {choices.length > 0 && <Listbox label="Policy" class="btn sm" right value={found ? `${found.policy_id}@${found.version}` : null} choices={choices.map((one) => ({ value: one, label: one, hint: one === shown?.policy ? "this run's" : undefined }))} onChoose={(one) => choose({ policy: one })} button={<>Policy<Icon name="down" small /></>} />}
            {found && <CommandButton operation="regulatory_define_policy" name="New limit" icon="plus" isSmall why={isLatest ? undefined : `version ${found.latest_version} is the latest: change that one`} onClick={() => setEditing("new")} />}
            {found && found.status !== "APPROVED" && <Approve policy={found} onDone={again} />}
          </>
        }
      >
        <Answered asked={listed} what="the policies" empty={(rows) => !rows.length && !query.value.policy && <Empty title="There is no policy yet, and limits are a policy's.">tenor policy define FILE.json stores one: docs/capital.md says what stands in it.</Empty>}>
          {() => (
            <Answered asked={policy} what="the policy" empty={(one) => !one.document.limits?.length && <Empty title={`Policy ${one.policy_id}@${one.version} has no limits.`}>New limit makes a version of it that has one.</Empty>}>
              {(one) => (
                <div class="pgrid" tabIndex={0} role="group" aria-label="Limits, a row each">
                  <Table label="Limits" class="op" columns={columnsOf(one, use.data, shown?.base_currency ?? "", isLatest ? setEditing : null)} rows={one.document.limits ?? []} keyOf={(row) => row.limit_id} />
                </div>
              )}
            </Answered>
          )}
        </Answered>
        {found && !isOfRun && shown && <p class="body hint">Run {short(shown.run_id)} {shown.policy ? `went by ${shown.policy}` : "has no policy"}: what it uses of these limits is not told.</p>}
      </Panel>
      {editing !== null && found && <Edit policy={found} limit={editing === "new" ? null : editing} onClose={() => setEditing(null)} onDone={again} />}
    </div>
  );
}

function columnsOf(policy: Policy, used: LimitUse[] | undefined, currency: string, onEdit: ((limit: Limit) => void) | null): Column<Limit>[] {
  const worst = (row: Limit) => (used ?? []).filter((one) => one.limit_id === row.limit_id && one.used !== null).sort((a, b) => b.used! - a.used!)[0];
  const amount = (row: Limit, value: number) => (isShare(row) ? percent(value, 1) : level(value, Math.abs(value) < 100 ? 3 : 0));
  return [
    { id: "limit", label: "Limit", isLeft: true, cell: (row) => <><b>{row.limit_id}</b> <span class="muted">{row.node ?? "All funds"}{row.by ? `, each ${row.by}` : ""}</span></>, text: (row) => row.limit_id },
    { id: "metric", label: "Of", isLeft: true, cell: (row) => row.metric, text: (row) => row.metric },
    { id: "warn", label: "Warn at", cell: (row) => (row.max === undefined ? "–" : <span class="muted">{amount(row, row.max * (row.warn_at ?? 0.9))}</span>), text: (row) => (row.max === undefined ? null : row.max * (row.warn_at ?? 0.9)) },
    { id: "max", label: "Limit", cell: (row) => (row.max === undefined ? <span title="by the rule: 25 %, 15 % between G-SIBs">by the rule</span> : <span title={exact(row.max)}>{amount(row, row.max)}</span>), text: (row) => row.max },
    { id: "unit", label: "Unit", isLeft: true, cell: (row) => (isShare(row) ? "share" : currency), text: (row) => (isShare(row) ? "share" : currency) },
    ...(used
      ? [
          { id: "now", label: "Now, at most", cell: (row: Limit) => (worst(row)?.value == null ? "–" : <span title={exact(worst(row)!.value!)}>{amount(row, worst(row)!.value!)}</span>), text: (row: Limit) => worst(row)?.value },
          { id: "use", label: "Use", cell: (row: Limit) => (worst(row) ? percent(worst(row)!.used!, 0) : "–"), text: (row: Limit) => worst(row)?.used },
          { id: "state", label: "State", isLeft: true, cell: (row: Limit) => <Use use={worst(row)} />, text: (row: Limit) => worst(row)?.status },
        ]
      : []),
    { id: "since", label: "Since", isLeft: true, cell: (row) => `version ${count(policy.limits_since[row.limit_id] ?? policy.version)}`, text: (row) => policy.limits_since[row.limit_id] },
    { id: "acts", label: <span class="vh">What can be done</span>, name: "acts", cell: (row) => onEdit && <CommandButton operation="regulatory_define_policy" isSmall name="New version" label={`New version of the limit ${row.limit_id}`} onClick={() => onEdit(row)} />, text: () => "" },
  ];
}

function isShare(limit: Limit): boolean {
  return limit.metric === "SHARE" || limit.metric === "LARGE_EXPOSURE";
}

function Use({ use }: { use: LimitUse | undefined }) {
  if (!use?.status) return <span class="na">not in this run</span>;
  const [kind, words] = use.status === "BREACH" ? ["bad", "passed"] : use.status === "WARN" ? ["warn", "near"] : ["", "inside"];
  return (
    <Chip square kind={kind}>
      {words}
      {use.group ? `: ${use.group}` : ""}
    </Chip>
  );
}

function Approve({ policy, onDone }: { policy: Policy; onDone(): void }) {
  const [isAsking, setAsking] = useState(false);
  const [reason, setReason] = useState("");
  const reference = `${policy.policy_id}@${policy.version}`;
  const send = async (key: string) => {
    await command("/api/v1/regulatory/policies/{policy}/approve", { params: { path: { policy: reference } }, body: { reason: reason.trim() }, key });
    tell(`${reference} is approved`);
    setAsking(false);
    onDone();
  };
  return (
    <>
      <CommandButton operation="regulatory_approve_policy" name="Approve" icon="tick" isSmall onClick={() => setAsking(true)} />
      {isAsking && (
        <Sheet title={`Approve ${reference}`} words="Runs that are asked for from now on and name it say that it was approved." button="Approve" icon="tick" onSend={send} onClose={() => setAsking(false)}>
          <Field name="Reason, if there is one to tell" value={reason} onChange={setReason} isFirst />
        </Sheet>
      )}
    </>
  );
}

function Edit({ policy, limit, onClose, onDone }: { policy: Policy; limit: Limit | null; onClose(): void; onDone(): void }) {
  const [id, setId] = useState(limit?.limit_id ?? "");
  const [metric, setMetric] = useState(limit?.metric ?? "DV01");
  const [node, setNode] = useState(limit?.node ?? "");
  const [by, setBy] = useState(limit?.by ?? "");
  const [max, setMax] = useState(limit?.max === undefined ? "" : String(limit.max));
  const [warn, setWarn] = useState(String(limit?.warn_at ?? 0.9));
  const send = async (key: string) => {
    const made: Limit = { limit_id: id.trim(), metric: metric.trim().toUpperCase(), ...(node.trim() ? { node: node.trim() } : {}), ...(by.trim() ? { by: by.trim() } : {}), ...(max.trim() ? { max: numberOf(max) } : {}), warn_at: numberOf(warn) };
    const before = policy.document.limits ?? [];
    const limits = before.some((one) => one.limit_id === made.limit_id) ? before.map((one) => (one.limit_id === made.limit_id ? made : one)) : [...before, made];
    const defined = await command<PolicyLine, typeof POLICIES>(POLICIES, { body: { ...policy.document, limits } as never, key });
    tell(`${defined.policy_id}@${defined.version} is defined`);
    onClose();
    onDone();
  };
  const next = policy.latest_version + 1;
  return (
    <Sheet title={limit ? `New version of ${limit.limit_id}` : "New limit"} words={`It makes ${policy.policy_id}@${next}, to be approved; runs that name ${policy.policy_id}@${policy.version} stay as they are.`} button={`Define ${policy.policy_id}@${next}`} icon="plus" onSend={send} onClose={onClose}>
      {!limit && <Field name="Id" value={id} onChange={setId} isFirst isRequired />}
      <Field name="Of" value={metric} onChange={setMetric} isFirst={Boolean(limit)} isRequired hint="a measure, as its total in base currency; SHARE of EAD; LARGE_EXPOSURE against tier 1" />
      <div class="pairof">
        <Field name="Node" value={node} onChange={setNode} placeholder="All funds" />
        <Field name="By" value={by} onChange={setBy} placeholder="as a whole" hint="each desk, issuer, sector, …" />
      </div>
      <div class="pairof">
        <Field name="Limit" value={max} onChange={setMax} hint="in base currency; shares as decimals" />
        <Field name="Warn at" value={warn} onChange={setWarn} hint="of the limit: 0.9 is 90 %" />
      </div>
    </Sheet>
  );
}

/** What is no number is sent as it was written: the server says what is wrong with it. */
function numberOf(text: string): number {
  const plain = text.replaceAll(",", "").trim();
  return Number.isFinite(Number(plain)) && plain !== "" ? Number(plain) : (text as unknown as number);
}
