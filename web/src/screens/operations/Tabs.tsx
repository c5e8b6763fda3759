/** What Operations is about: the machinery, and what people set for it. */
import { Seg } from "../../parts/Seg";
import { choose, query } from "../../place";

const TABS = [
  ["system", "System"],
  ["limits", "Limits"],
  ["keys", "Keys and roles"],
  ["schedules", "Schedules"],
  ["messages", "Messages"],
] as const;
export type Tab = (typeof TABS)[number][0];

export function tabShown(): Tab {
  return TABS.find(([one]) => one === query.value.tab)?.[0] ?? "system";
}

export function Tabs() {
  return <Seg label="What to look at" value={tabShown()} choices={TABS.map(([value, name]) => [value, name])} onChoose={(one) => choose({ tab: one === "system" ? null : one })} />;
}
