/** Who is looking. Without sign-in whoever reaches the program is local, and may do everything. */
import { signal } from "@preact/signals";
import type { Me } from "../api/shapes";

export const LOCAL: Me = { actor: "local", role: "admin", nodes: ["*"], may: null, auth: "local", four_eyes: false };
export const me = signal<Me>(LOCAL);
/** Set where nobody may look without signing in. */
export const isSignedOut = signal(false);

export async function learnWho(): Promise<void> {
  let answer: Response;
  let said: unknown;
  try {
    answer = await fetch("/auth/me", { headers: { Accept: "application/json" } });
    said = await answer.json(); // read even where it is refused: a body that is left keeps its connection
  } catch {
    return;
  }
  if (answer.status === 401) isSignedOut.value = true;
  else if (answer.ok) {
    me.value = said as Me;
    isSignedOut.value = false;
  }
}

/** Whether the role may give this command, by its operation id. */
export function may(operation: string): boolean {
  return me.value.may === null || me.value.may.includes(operation);
}
