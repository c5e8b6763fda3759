/** The API on one page, from its own OpenAPI document, and what each measure means. */
import { useEffect, useState } from "preact/hooks";
import { Panel, Waiting } from "../../parts/Panel";
import { Table } from "../../parts/Table";
import { MEASURES, writing } from "../../numbers/measures";
import { place } from "../../place";

interface Operation {
  method: string;
  path: string;
  service: string;
  what: string;
  parameters: string;
}

export default function Docs() {
  const [operations, setOperations] = useState<Operation[] | null>(null);
  useEffect(() => {
    fetch("/openapi.json")
      .then((answer) => answer.json())
      .then((document) => setOperations(operationsOf(document)), () => setOperations([]));
  }, []);
  const measure = place.value.query.measure;
  const services = [...new Set((operations ?? []).map((one) => one.service))].sort();
  return (
    <>
      <div class="head">
        <h1>Reference</h1>
        <span class="path">
          addresses of the API · <a href="/openapi.json">openapi.json</a>
        </span>
      </div>
      <div class="reads" tabIndex={0} role="group" aria-label="Reference">
        <Panel title="Measures" unit="name, unit of totals, meaning">
          <Table
            label="Measures"
            rows={Object.keys(MEASURES)}
            keyOf={(one) => one}
            isMarked={(one) => one === measure}
            columns={[
              { id: "name", label: "Measure", isLeft: true, cell: (one) => <span class="mono">{one}</span>, text: (one) => one },
              { id: "unit", label: "Unit", isLeft: true, cell: (one) => writing(one).unit("CCY"), text: (one) => writing(one).unit("CCY") },
              { id: "meaning", label: "Meaning", isLeft: true, class: () => "wraps", cell: (one) => writing(one).meaning, text: (one) => writing(one).meaning },
            ]}
          />
        </Panel>
        {operations === null && <Waiting what="the API's own description" rows={10} />}
        {services.map((service) => (
          <Panel key={service} title={service} unit={`/api/v1/${service}`}>
            <Table
              label={service}
              rows={(operations ?? []).filter((one) => one.service === service)}
              keyOf={(one) => `${one.method} ${one.path}`}
              columns={[
                { id: "method", label: "Method", isLeft: true, cell: (one) => one.method, text: (one) => one.method },
                { id: "path", label: "Path", isLeft: true, cell: (one) => <code class="mono">{one.path}</code>, text: (one) => one.path },
                { id: "what", label: "What it does", isLeft: true, class: () => "wraps", cell: (one) => one.what, text: (one) => one.what },
                { id: "parameters", label: "Parameters", isLeft: true, class: () => "wraps q", cell: (one) => one.parameters, text: (one) => one.parameters },
              ]}
            />
          </Panel>
        ))}
      </div>
    </>
  );
}

interface Described {
  tags?: string[];
  summary?: string;
  description?: string;
  parameters?: { name: string; in: string }[];
}

function operationsOf(document: { paths: Record<string, Record<string, Described>> }): Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]) => ({
      method: method.toUpperCase(),
      path,
      service: one.tags?.[0] ?? "other",
      what: one.description ?? one.summary ?? "",
      parameters: (one.parameters ?? []).filter((each) => each.in === "query").map((each) => each.name).join(", "),
    })),
  );
}
