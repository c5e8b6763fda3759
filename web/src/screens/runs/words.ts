/** Events and failures of runs in words. */
import type { RunEvent } from "../../api/working";
import { counted } from "../../numbers/format";

export function eventInWords(event: RunEvent): string {
  const said = event.payload;
  const list = (name: string) => (Array.isArray(said[name]) ? (said[name] as unknown[]).length : 0);
  const reason = typeof said.reason === "string" && said.reason ? said.reason : "";
  switch (event.event) {
    case "run.requested":
      return `${counted(Number(said.positions ?? 0), "position")}, ${counted(list("scenarios"), "scenario")}, ${counted(list("measures"), "measure")}`;
    case "run.planned":
      return counted(Number(said.chunks ?? 0), "chunk");
    case "run.chunk_failed":
      return `chunk ${String(said.chunk_no)}: ${String(said.error ?? "")}`;
    case "run.retried":
      return `${counted(list("chunks"), "chunk")} again, attempt ${String(said.attempt ?? "")}`;
    case "run.completed":
      return `${counted(Number(said.blocks ?? 0), "block")}, root ${String(said.blocks_root ?? "").slice(0, 8)}${list("failed_chunks") ? `, ${counted(list("failed_chunks"), "chunk")} given up` : ""}`;
    default:
      return reason;
  }
}

const HELPS: Record<string, string> = {
  MISSING_MARKET_DATA: "Add it to the market, then run again",
  UNSUPPORTED: "No model values this: change the terms, or bring a price",
  INVALID_TERMS: "Correct the terms, then bring the book again",
  DID_NOT_CONVERGE: "The other numbers stand; look at the terms",
};

export function whatHelps(kind: { status: string; reason: string | null }): string {
  const help = HELPS[kind.reason ?? ""] ?? "";
  return kind.status === "PARTIAL" && kind.reason !== "MISSING_MARKET_DATA" ? "Has a value; only some number is blank" : help;
}
