/** Behind a weight: the exposures that weigh most, and of one of them rule, paragraph, inputs and arithmetic. */
import { useAsk } from "../../api/asking";
import type { PositionRow, RunDocument } from "../../api/shapes";
import { exact, level, percent } from "../../numbers/format";
import { Dialog } from "../../parts/Dialog";
import { Icon } from "../../parts/Icon";
import { Answered, Empty } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { choose, link, place } from "../../place";
import { copyText } from "../../shell/announce";
import { askExplain, type Explained } from "../position/questions";
import { askLargest, FRAMEWORKS, type Framework } from "./questions";
import { named } from "./words";

export function Behind({ run, by }: { run: RunDocument; by: string }) {
  const { behind, exposure } = place.value.query;
  if (exposure) return <Exposure run={run} id={exposure} />;
  const [rwa, key = ""] = (behind ?? "").split(/:(.*)/);
  const framework = FRAMEWORKS.find((one) => one.rwa === rwa);
  return framework ? <Largest run={run} by={by} group={key} framework={framework} /> : null;
}

const close = () => choose({ behind: null, exposure: null });

function Drawer({ title, children }: { title: string; children: preact.ComponentChildren }) {
  return (
    <Dialog label={title} kind="drawer" onClose={close}>
      <div class="dhead">
        <h2>{title}</h2>
        <span class="grow" />
        <button type="button" class="icb" aria-label="Close" data-first onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      {children}
    </Dialog>
  );
}

function Largest({ run, by, group, framework }: { run: RunDocument; by: string; group: string; framework: Framework }) {
  const asked = useAsk(askLargest(run.run_id, by, group, framework));
  const number = (row: PositionRow, name: string) => (typeof row[name] === "number" ? (row[name] as number) : null);
  return (
    <Drawer title={`${named(group)}, ${framework.name}`}>
      <div class="dsec">
        <p class="sec">The exposures with most risk-weighted assets. Choose one to see its rule, inputs and arithmetic.</p>
        <Answered asked={asked} what="exposures" rows={8} empty={(page) => !page.rows.length && <Empty title="No position of this class; its exposures are netting sets." />}>
          {(page) => (
            <Table
              label="Largest exposures"
              rows={page.rows}
              keyOf={(row) => row.position_id}
              columns={[
                { id: "id", label: "Exposure", isLeft: true, cell: (row) => <a class="mono" href={link("/capital", { exposure: row.position_id, by: by === "asset_class" ? null : by, behind: place.value.query.behind })}>{row.position_id}</a>, text: (row) => row.position_id },
                { id: "ead", label: `EAD, ${run.base_currency} m`, cell: (row) => amount(number(row, `${framework.ead}_base`)), text: (row) => number(row, `${framework.ead}_base`) },
                { id: "weight", label: "Weight", cell: (row) => (number(row, framework.weight) === null ? "–" : percent(number(row, framework.weight)!, 0)), text: (row) => number(row, framework.weight) },
                { id: "rwa", label: `RWA, ${run.base_currency} m`, cell: (row) => amount(number(row, `${framework.rwa}_base`)), text: (row) => number(row, `${framework.rwa}_base`) },
              ]}
            />
          )}
        </Answered>
      </div>
    </Drawer>
  );
}

function amount(value: number | null) {
  return value === null ? "–" : <span title={exact(value)}>{level(value / 1e6, 2)}</span>;
}

function Exposure({ run, id }: { run: RunDocument; id: string }) {
  const asked = useAsk(askExplain(run.run_id, id));
  return (
    <Drawer title={`Risk weights of ${id}`}>
      <Answered asked={asked} what={`the weights of ${id}`} rows={8}>
        {(found) => (
          <>
            {found.measures.map((one) => (
              <Rule key={one.measure} one={one} run={run} id={id} />
            ))}
          </>
        )}
      </Answered>
      <div class="dsec">
        <a href={link(`/positions/${encodeURIComponent(id)}`)}>The position {id}</a>
      </div>
    </Drawer>
  );
}

function Rule({ one, run, id }: { one: Explained["measures"][number]; run: RunDocument; id: string }) {
  const framework = FRAMEWORKS.find((each) => each.measure === one.measure);
  const weight = one.steps.find((step) => step.name === "RISK_WEIGHT")?.value;
  const given = one.inputs.filter((input) => input.value !== null && input.from !== "default");
  return (
    <div class="dsec">
      <h3>
        {framework?.name ?? one.measure} <span class="muted">{one.rule}, {one.paragraph} of {one.rule_set}</span>
        <span class="grow" />
        <button type="button" class="btn sm" onClick={() => copyText(`${run.run_id} ${id} ${one.measure}: ${one.value ?? one.reason}, ${one.rule}, ${one.paragraph}, ${one.rule_set}`, "The rule is copied")}>
          <Icon name="copy" small />
          Copy
        </button>
      </h3>
      {one.reason ? <p class="left">{one.reason}</p> : <p class="big">{typeof weight === "number" ? percent(weight, 1) : one.value === null ? "–" : level(one.value, 2)}</p>}
      <Table
        class="dt"
        label={`Arithmetic of ${one.measure}`}
        rows={one.steps}
        keyOf={(step) => step.name}
        columns={[
          { id: "step", label: "Step", isLeft: true, cell: (step) => step.name.toLowerCase().replaceAll("_", " "), text: (step) => step.name },
          { id: "arithmetic", label: "Arithmetic", isLeft: true, class: () => "wraps q", cell: (step) => step.arithmetic, text: (step) => step.arithmetic },
          { id: "value", label: "Value", cell: (step) => (step.value === null ? "–" : <span title={exact(step.value)}>{level(step.value, Math.abs(step.value) < 100 ? 4 : 2)}</span>), text: (step) => step.value },
        ]}
      />
      <p class="hint above">
        From the files: {given.map((input) => `${input.name.replaceAll("_", " ")} ${String(input.value)} (${input.from})`).join(", ")}.
      </p>
    </div>
  );
}
