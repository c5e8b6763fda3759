/** Which number is looked into: `P00005022.PV`, `BIRCH.LENDING.PV` of a node, `node:BIRCH.LENDING.PV` where both would do. */
export interface Looked {
  /** A position, or a node of the tree. */
  of: "position" | "node";
  id: string;
  measure: string;
}

const NODE = "node:";

export function lookedAt(text: string | undefined): Looked | null {
  if (!text) return null;
  const isNode = text.startsWith(NODE);
  const rest = isNode ? text.slice(NODE.length) : text;
  const cut = rest.lastIndexOf(".");
  if (cut <= 0 || cut === rest.length - 1) return null;
  return { of: isNode ? "node" : "position", id: rest.slice(0, cut), measure: rest.slice(cut + 1).toUpperCase() };
}

export function asText(looked: Looked): string {
  return `${looked.of === "node" ? NODE : ""}${looked.id}.${looked.measure}`;
}

/** The ways to ask for the same number elsewhere. */
export function ways(looked: Looked, runId: string, scenario: string, origin: string): [name: string, text: string][] {
  if (looked.of === "node") {
    const query = `by=node&measures=${looked.measure}&scenario=${scenario}`;
    return [
      ["curl", `curl "${origin}/api/v1/results/runs/${runId}/totals?${query}"`],
      ["Python", `run.totals(by="node", measures=["${looked.measure}"], scenario="${scenario}")`],
      ["tenor", `tenor results ${runId} --by node --measures ${looked.measure} --scenario ${scenario}`],
    ];
  }
  const query = `position=${encodeURIComponent(looked.id)}&measure=${looked.measure}&scenario=${encodeURIComponent(scenario)}`;
  return [
    ["curl", `curl "${origin}/api/v1/audit/runs/${runId}/lineage?${query}"`],
    ["Python", `run.position(${JSON.stringify(looked.id)})`],
    ["tenor", `tenor audit lineage ${runId} ${looked.id} ${looked.measure} --scenario ${scenario}`],
  ];
}
