/** One level at a time: cards, the loss of each as a bar. */
import { max } from "d3-array";
import type { Asked } from "../../api/asking";
import type { RunDocument, TreeNode } from "../../api/shapes";
import { Icon } from "../../parts/Icon";
import { Answered } from "../../parts/Panel";
import { Size } from "../../parts/Size";
import { change, counted, level, percent } from "../../numbers/format";
import { write, writing } from "../../numbers/measures";
import { addressOf, changed, place } from "../../place";
import { KeyRates } from "./KeyRates";
import { shortName, valueOf, type RiskRow } from "./tree";

interface PhoneProps {
  run: RunDocument;
  scenario: string;
  nodes: TreeNode[];
  node: TreeNode | null;
  changes: Map<string, number>;
  total: RiskRow | undefined;
  asked: Asked<TreeNode[]>;
}

const KINDS: Record<string, string> = { FUND: "Funds", SUB_FUND: "Sub-funds", DESK: "Desks", BOOK: "Books" };

export function Phone({ run, scenario, nodes, node, changes, total, asked }: PhoneProps) {
  const children = nodes.filter((one) => one.parent_id === (node?.node_id ?? null));
  const sorted = [...children].sort((a, b) => (changes.get(a.node_id) ?? 0) - (changes.get(b.node_id) ?? 0));
  const widest = max(sorted, (one) => Math.abs(changes.get(one.node_id) ?? 0)) ?? 0;
  const above = node ? ancestors(nodes, node) : [];
  const figures = node ?? total?.figures ?? {};
  const delta = node ? (changes.get(node.node_id) ?? null) : (total?.change ?? null);
  return (
    <>
      <div class="hd">
        {node && (
          <nav class="crumb" aria-label="Where this is">
            <a href={to(null)}>All funds</a>
            {above.map((one) => (
              <>
                <Icon name="right" small />
                <a href={to(one.node_id)}>{one.name}</a>
              </>
            ))}
          </nav>
        )}
        <h1>
          {node ? shortName(node.name, above[0]?.name) : "All funds"} <span class="muted count">{counted(node?.positions ?? run.positions, "position")}</span>
        </h1>
      </div>
      <dl class="two">
        <One label="Present value" measure="PV" figures={figures} currency={run.base_currency} />
        {scenario !== "BASE" && (
          <div>
            <dt>{scenario}</dt>
            <dd class={(delta ?? 0) < 0 ? "neg" : undefined}>
              {delta === null ? "–" : change(delta / 1e6, 1)}
              <small>{run.base_currency} m</small>
            </dd>
          </div>
        )}
        <One label="DV01" measure="DV01" figures={figures} currency={run.base_currency} />
        <One label="CS01" measure="CS01" figures={figures} currency={run.base_currency} />
      </dl>
      <Answered asked={asked} what="the tree">
        {() =>
          sorted.length > 0 && (
            <section class="panel" aria-label={KINDS[sorted[0]!.kind] ?? "Below"}>
              <header>
                <h2>{KINDS[sorted[0]!.kind] ?? "Below"}</h2>
                <span class="u">
                  {scenario === "BASE" ? "present value" : "by loss"}, {run.base_currency} m
                </span>
              </header>
              <ul>
                {sorted.map((one) => (
                  <Card key={one.node_id} node={one} root={above[0] ?? node} change={scenario === "BASE" ? null : (changes.get(one.node_id) ?? null)} widest={widest} />
                ))}
              </ul>
            </section>
          )
        }
      </Answered>
      <KeyRates run={run} id={place.value.query.node ?? null} node={node} scenario={scenario} height={132} />
    </>
  );
}

function One({ label, measure, figures, currency }: { label: string; measure: string; figures: RiskRow["figures"]; currency: string }) {
  const value = valueOf(figures, measure);
  if (value === null) return null;
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        {write(measure, value)}
        <small>{writing(measure).unit(currency)}</small>
      </dd>
    </div>
  );
}

function Card({ node, root, change: delta, widest }: { node: TreeNode; root: TreeNode | null; change: number | null; widest: number }) {
  const pv = valueOf(node, "PV") ?? 0;
  return (
    <li>
      <a class="li" href={to(node.node_id)}>
        <b>{shortName(node.name, root?.name)}</b>
        <span class={(delta ?? 0) < 0 ? "r neg" : "r"}>{delta === null ? level(pv / 1e6, 1) : change(delta / 1e6, 1)}</span>
        <small>{counted(node.positions, "position")}</small>
        <span class="r2">{delta !== null && Math.abs(pv) > Math.abs(delta) ? `${percent(delta / pv, 1)} of ${level(pv / 1e6, 1)}` : ""}</span>
        {delta !== null && (
          <span class="tr">
            <Size as="i" class={delta < 0 ? undefined : "up"} width={`${widest ? (100 * Math.abs(delta)) / widest : 0}%`} />
          </span>
        )}
      </a>
    </li>
  );
}

function to(node: string | null): string {
  return addressOf(changed(place.value, { node }));
}

function ancestors(nodes: TreeNode[], node: TreeNode): TreeNode[] {
  const parent = nodes.find((one) => one.node_id === node.parent_id);
  return parent ? [...ancestors(nodes, parent), parent] : [];
}
