/** What the shocks do to the market, drawn: each matched curve before and after, the rest in rows. */
import { Curves } from "../charts/Curves";
import { counted, level } from "../numbers/format";
import type { MovedCurve, Preview } from "./preview";

export function PreviewCurves({ seen, most, width = 220 }: { seen: Preview; most: number; width?: number }) {
  return (
    <>
      {seen.curves.slice(0, most).map((curve) => (
        <figure key={curve.curve_id}>
          <figcaption class="mono">{curve.curve_id}</figcaption>
          <Curves finding={findingOf(curve)} before={curve.before} after={curve.after} width={width} label={moveOf(curve)} />
        </figure>
      ))}
    </>
  );
}

export function PreviewRows({ seen }: { seen: Preview }) {
  if (!seen.others.length) return null;
  return (
    <dl class="ab">
      {seen.others.map((one, n) => (
        <div key={n}>
          <dt class="sec">{one.what}</dt>
          <dd>{one.how}</dd>
        </div>
      ))}
    </dl>
  );
}

export function matchedInWords(seen: Preview, most: number): string {
  if (!seen.matched) return "no curve moves";
  const drawn = Math.min(most, seen.matched);
  return counted(seen.matched, "curve moves", "curves move") + (drawn < seen.matched ? `, ${drawn} drawn` : "");
}

/** The largest move of a node. */
export function moveOf(curve: MovedCurve): string {
  const moves = curve.after.map((point, n) => (point.rate - (curve.before[n]?.rate ?? point.rate)) * 10_000);
  const most = moves.reduce((found, one) => (Math.abs(one) > Math.abs(found) ? one : found), 0);
  return `${most < 0 ? "−" : "+"}${level(Math.abs(most), 0)} bp`;
}

function findingOf(curve: MovedCurve): string {
  return `${curve.curve_id}: at most ${moveOf(curve)}, zero rates in percent, before dashed`;
}
