/** Each chart by the question that it answers. */
import { Bars } from "../../charts/Bars";
import { Columns } from "../../charts/Columns";
import { Curves } from "../../charts/Curves";
import { Line } from "../../charts/Line";
import { Stacked } from "../../charts/Stacked";
import { Waterfall } from "../../charts/Waterfall";
import { change, level } from "../../numbers/format";
import { Panel } from "../../parts/Panel";

const LOSSES: [name: string, value: number][] = [["stagflation", -282.1], ["irrbb_up", -147.2], ["key5y", -4.4], ["steeper", 6.2], ["down200", 150.5]];
const TENORS: [name: string, base: number, under: number][] = [["1y", 41, 38], ["2y", 89, 80], ["5y", 178, 150], ["10y", 77, 60], ["30y", 2, 1.6]];
const NODES: [name: string, years: number, rate: number, moved: number][] = [["6M", 0.5, 0.036, 0.036], ["2Y", 2, 0.034, 0.0345], ["5Y", 5, 0.0355, 0.0405], ["10Y", 10, 0.039, 0.039], ["30Y", 30, 0.0405, 0.0405]];
const PAID: [name: string, interest: number, principal: number][] = [["2026", 0.3, 0.2], ["2027", 0.3, 0.21], ["2028", 0.28, 0.62]];
const RATIO = [0.13, 0.124, 0.115, 0.108, 0.106, 0.109];

export function Charts() {
  return (
    <div class="g3">
      <Panel title="Largest, worst" unit="lying bars">
        <div class="body">
          <Bars finding="stagflation loses most, 282.1" row={22} bars={LOSSES.map(([name, value]) => ({ key: name, name, value, shown: change(value, 1), isMarked: name === "stagflation" }))} />
        </div>
      </Panel>
      <Panel title="Shape over tenor" unit="columns, a tick for what is compared">
        <div class="body">
          <Columns finding="Most at 5y, 178" columns={TENORS.map(([name, value, tick]) => ({ key: name, name, value, tick, shown: level(value, 0) }))} />
        </div>
      </Panel>
      <Panel title="Why from A to B" unit="waterfall, levels cut">
        <div class="body">
          <Waterfall
            finding="From 12,751.5 to 12,769.2"
            width={360}
            height={140}
            steps={[
              { key: "from", name: "22 Jan", value: 12_751.5, shown: level(12_751.5, 1), isLevel: true },
              { key: "new", name: "New", value: 41.2, shown: change(41.2, 1) },
              { key: "curves", name: "Curves", value: -23.5, shown: change(-23.5, 1) },
              { key: "to", name: "23 Jan", value: 12_769.2, shown: level(12_769.2, 1), isLevel: true },
            ]}
          />
        </div>
      </Panel>
      <Panel title="Curves" unit="before dashed, dots at real nodes">
        <div class="body">
          <Curves finding="Five years move by 50 bp" label="+50 bp" before={NODES.map(([name, years, rate]) => ({ name, years, rate }))} after={NODES.map(([name, years, , rate]) => ({ name, years, rate }))} />
        </div>
      </Panel>
      <Panel title="Path over quarters" unit="a line">
        <div class="body">
          <Line finding="The ratio falls to 10.6 %" label="CET1, %" width={360} height={120} write={(value) => level(value * 100, 1)} points={RATIO.map((value, n) => ({ key: String(n), name: `Q${n}`, value }))} />
        </div>
      </Panel>
      <Panel title="Paid when" unit="columns of parts, one cut">
        <div class="body">
          <Stacked
            finding="Most in 2028, cut"
            width={360}
            height={140}
            write={(value) => level(value, 2)}
            stacks={PAID.map(([name, interest, principal], n) => ({ key: name, name, parts: [{ name: "interest", class: "s1", value: interest }, { name: "principal", class: "s2", value: principal }], isCut: n === 2, told: n === 2 ? "25.1 m falls due" : undefined }))}
          />
        </div>
      </Panel>
    </div>
  );
}
