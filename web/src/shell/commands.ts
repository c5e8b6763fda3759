/** What can be done on the screen that is shown: found by name, given by key. */
import { signal } from "@preact/signals";
import type { IconName } from "../parts/Icon";

export interface Command {
  name: string;
  hint?: string;
  icon: IconName;
  key?: string;
  run(): void;
}

/** Those of the screen; it sets them when it comes and takes them away when it goes. */
export const screenCommands = signal<Command[]>([]);

export function commandOfKey(key: string): Command | undefined {
  return screenCommands.value.find((one) => one.key === key);
}
