/** A total is no event: it is added from blocks. The totals under it to the cent, the largest positions, the run's root. */
import { useAsk } from "../api/asking";
import { question } from "../api/client";
import type { PositionRow, RunDocument, TreeNode } from "../api/shapes";
import { Icon } from "../parts/Icon";
import { Answered } from "../parts/Panel";
import { change, count, counted, exact, level, percent, short } from "../numbers/format";
import { set } from "../place";
import { product } from "../shell/words";
import { BigNumber } from "./Chain";
import { asText } from "./question";

const TREE = "/api/v1/portfolio/runs/{run_id}/tree";
const POSITIONS = "/api/v1/results/runs/{run_id}/positions";
const LARGEST = 5;

interface TotalProps {
  run: RunDocument;
  node: string;
  measure: string;
  scenario: string;
}

export function NodeTotal({ run, node, measure, scenario }: TotalProps) {
  const column = `${measure.toLowerCase()}_base`;
  const treeOf = (name: string) => question<TreeNode[], typeof TREE>(TREE, { path: { run_id: run.run_id }, query: { measures: measure, scenario: name } });
  const base = useAsk<TreeNode[]>(treeOf("BASE"));
  const under = useAsk<TreeNode[]>(scenario === "BASE" ? null : treeOf(scenario));
  const largest = useAsk<PositionRow[]>(
    question<PositionRow[], typeof POSITIONS>(POSITIONS, { path: { run_id: run.run_id }, query: { node, scenario, columns: column, sort: `-${column}`, limit: LARGEST } }),
  );
  const isChange = scenario !== "BASE";
  return (
    <Answered asked={base} what={`the totals of ${node}`} rows={8}>
      {(nodes) => {
        const here = nodes.find((one) => one.node_id === node);
        if (!here) return <p class="dsec">There is no node {node} in this run.</p>;
        const name = column in here ? column : measure.toLowerCase();
        const valueOf = (rows: TreeNode[] | undefined, id: string) => numberOf(rows?.find((one) => one.node_id === id)?.[name]);
        const shown = (id: string) => {
          const before = valueOf(nodes, id);
          const after = isChange ? valueOf(under.data, id) : before;
          return before === null || after === null ? null : isChange ? after - before : before;
        };
        const value = shown(node);
        const children = nodes.filter((one) => one.parent_id === node);
        return (
          <>
            <div class="dhero">
              <p class="sec">
                {isChange ? (
                  <>
                    Gain or loss of <b>{here.name}</b> under {scenario} against BASE, run <span class="mono">{short(run.run_id)}</span>
                  </>
                ) : (
                  <>
                    {measure} of <b>{here.name}</b>, run <span class="mono">{short(run.run_id)}</span>
                  </>
                )}
              </p>
              <BigNumber value={value} currency={run.base_currency} />
              {isChange && <p class="hint">Positive is a gain to the holder. In base currency, at the scenario's own spots.</p>}
            </div>
            {isChange && (
              <section class="dsec">
                <h3>
                  <Icon name="compare" /> A difference of two official totals
                </h3>
                <Rows rows={[[`${measure} under ${scenario}`, "", valueOf(under.data, node)], [`${measure} under BASE`, "", valueOf(nodes, node)]]} />
              </section>
            )}
            <section class="dsec">
              <h3>
                <Icon name="risk" /> Added from {counted(here.positions, "position")} <span class="muted">in chunk order; {here.left_out ? `${count(here.left_out)} left out` : "none left out"}</span>
              </h3>
              {children.length > 0 && (
                <Rows
                  rows={children.sort((a, b) => Math.abs(shown(b.node_id) ?? 0) - Math.abs(shown(a.node_id) ?? 0)).map((one) => [one.name, count(one.positions), shown(one.node_id), () => set({ inspect: asText({ of: "node", id: one.node_id, measure }) })])}
                  total={[here.name, count(here.positions), value]}
                  isChange={isChange}
                />
              )}
            </section>
            <section class="dsec">
              <h3>
                <Icon name="down" /> Largest positions <span class="muted">by {measure}{isChange ? ` under ${scenario}` : ""}</span>
              </h3>
              {largest.data && (
                <Rows rows={largest.data.map((one) => [one.position_id, `${one.currency} ${product(one.product_type)}`, numberOf(one[name]), () => set({ inspect: asText({ of: "position", id: one.position_id, measure }) })])} share={isChange ? null : value} />
              )}
            </section>
            <section class="dsec">
              <h3>
                <Icon name="audit" /> Proof
              </h3>
              <p class="sec">
                A total is no event: it is added from the run's blocks, whose root <span class="mono">{short(run.blocks_root ?? "")}</span> stands in run.completed. Each position above leads to its own block, file rows and signature.
              </p>
              <p class="sec">
                Added up again from the log: <code class="mono">tenor projections rebuild result --verify</code>
              </p>
            </section>
          </>
        );
      }}
    </Answered>
  );
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

type Row = [name: string, middle: string, value: number | null, onOpen?: () => void];

function Rows({ rows, total, isChange, share }: { rows: Row[]; total?: Row; isChange?: boolean; share?: number | null }) {
  const said = (value: number | null) => (value === null ? "–" : isChange ? change(value, 2) : level(value, 2));
  return (
    <table class="grid sm dt">
      <tbody>
        {rows.map(([name, middle, value, open]) => (
          <tr key={name}>
            <th scope="row" class="l">
              {open ? (
                <button type="button" class="text" onClick={open}>
                  {name}
                </button>
              ) : (
                name
              )}
            </th>
            <td>{middle}</td>
            <td class={(value ?? 0) < 0 ? "neg" : undefined} title={value === null ? undefined : exact(value)}>
              {said(value)}
            </td>
            {share ? <td class="muted">{value === null ? "" : percent(value / share, 1)}</td> : null}
          </tr>
        ))}
      </tbody>
      {total && (
        <tfoot>
          <tr class="strong">
            <th scope="row" class="l">
              {total[0]}
            </th>
            <td>{total[1]}</td>
            <td class={(total[2] ?? 0) < 0 ? "neg" : undefined}>{said(total[2])}</td>
          </tr>
        </tfoot>
      )}
    </table>
  );
}
