/** How a limit is named and written: as the measure that it is called after, else by its size. */
import { MEASURES, writing } from "../../numbers/measures";
import type { LimitUse } from "./questions";

export interface Scale {
  by: number;
  digits: number;
  unit: (currency: string) => string;
}

export function limitInWords(id: string): string {
  const measure = id.toUpperCase();
  if (measure in MEASURES) return writing(measure).label;
  const words = id.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A share of one is written in percent, an amount in the largest unit that it has. */
export function scaleOf(limit: LimitUse): Scale {
  const measure = limit.limit_id.toUpperCase();
  if (measure in MEASURES) {
    const how = writing(measure);
    return { by: how.scale, digits: how.digits, unit: how.unit };
  }
  const size = Math.abs(limit.limit ?? limit.value ?? 0);
  if (size <= 1) return { by: 0.01, digits: 1, unit: () => "%" };
  if (size >= 1e6) return { by: 1e6, digits: 1, unit: (currency) => `${currency} m` };
  return size >= 1e3 ? { by: 1e3, digits: 1, unit: (currency) => `${currency} k` } : { by: 1, digits: 2, unit: () => "" };
}
