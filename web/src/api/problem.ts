/** What the server refuses, as it says it (RFC 9457), and what stands in for it where no server answers. */
export interface ProblemDocument {
  title: string;
  status: number;
  detail: string;
  code: string;
  fix?: string;
  request_id?: string;
  problems?: { path?: string; code?: string; message?: string; fix?: string }[];
  [fact: string]: unknown;
}

export class Problem extends Error {
  readonly document: ProblemDocument;

  constructor(document: ProblemDocument) {
    super(document.detail || document.title);
    this.document = document;
  }

  get status(): number {
    return this.document.status;
  }

  get code(): string {
    return this.document.code;
  }
}

export function problemOf(body: unknown, status: number, requestId: string | null): Problem {
  const said = (body && typeof body === "object" ? body : {}) as Partial<ProblemDocument>;
  return new Problem({
    title: "The request was refused",
    detail: "the answer says no more",
    code: `HTTP_${status}`,
    ...said,
    status,
    ...(requestId ? { request_id: requestId } : {}),
  });
}

export function noAnswer(): Problem {
  return new Problem({
    title: "No answer",
    status: 0,
    detail: "the server does not answer",
    code: "NO_ANSWER",
    fix: "see that tenor up is running and that this machine reaches it, then try again",
  });
}
