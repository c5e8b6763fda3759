/** Words for what the program calls by its own names. */
const STATUS: Record<string, string> = {
  REQUESTED: "Requested",
  PLANNED: "Planned",
  RUNNING: "Running",
  COMPLETED: "Completed",
  COMPLETED_WITH_EXCEPTIONS: "Completed, with exceptions",
  APPROVED: "Approved",
  PUBLISHED: "Published",
  REJECTED: "Rejected",
  FAILED: "Failed",
  CANCELLED: "Cancelled",
  ARCHIVED: "Archived",
};

export function statusInWords(status: string): string {
  return STATUS[status] ?? status.charAt(0) + status.slice(1).toLowerCase().replaceAll("_", " ");
}

/** The colour of a chip that names the status. */
export function statusKind(status: string): string {
  if (status === "PUBLISHED" || status === "APPROVED") return "ok";
  if (status === "REJECTED" || status === "FAILED") return "bad";
  if (status === "RUNNING" || status === "PLANNED" || status === "REQUESTED") return "run";
  if (status === "COMPLETED_WITH_EXCEPTIONS") return "warn";
  return "";
}

const PRODUCTS: Record<string, string> = {
  LOAN: "loan",
  BOND: "bond",
  CALLABLE_BOND: "callable bond",
  ABS_MBS: "ABS/MBS",
  STRUCTURED: "structured note",
  FX_FWD: "FX forward",
  IRS: "swap",
  CAP_FLOOR: "cap or floor",
  SWAPTION: "swaption",
  CDS: "CDS",
  FX_OPTION: "FX option",
  TRANCHE: "tranche",
};

export function product(type: string): string {
  return PRODUCTS[type] ?? type.toLowerCase().replaceAll("_", " ");
}
