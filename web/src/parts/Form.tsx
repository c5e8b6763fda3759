/** Sheets that ask for a few things and give one command: fields with their fix, a refusal as it was said. */
import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { noAnswer, Problem } from "../api/problem";
import { isPast } from "../state/book";
import { may } from "../state/session";
import { Dialog } from "./Dialog";
import { Icon, type IconName } from "./Icon";
import { ProblemNote } from "./Panel";

interface SheetProps {
  title: string;
  /** What will happen, in words. */
  words?: ComponentChildren;
  button: string;
  icon: IconName;
  /** Gives the command, under a key that makes a second sending harmless. */
  onSend(key: string): Promise<void>;
  onClose(): void;
  children?: ComponentChildren;
}

export function Sheet({ title, words, button, icon, onSend, onClose, children }: SheetProps) {
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [isSending, setSending] = useState(false);
  const key = useRef(crypto.randomUUID());
  const send = async (event: Event) => {
    event.preventDefault();
    setSending(true);
    setProblem(undefined);
    try {
      await onSend(key.current);
    } catch (error) {
      key.current = crypto.randomUUID(); // what is corrected is another request
      setProblem(error instanceof Problem ? error : noAnswer());
      setSending(false);
    }
  };
  return (
    <Dialog label={title} kind="sheet" onClose={onClose}>
      <form class="asked" onSubmit={(event) => void send(event)}>
        <h2>{title}</h2>
        {words && <p class="sec">{words}</p>}
        {children}
        {problem && <ProblemNote problem={problem} />}
        <p class="acts">
          <button class="btn pri" disabled={isSending} data-first={children === undefined || undefined}>
            <Icon name={icon} small />
            {button}
          </button>
          <button type="button" class="btn" onClick={onClose}>
            Leave it
          </button>
        </p>
      </form>
    </Dialog>
  );
}

interface FieldProps {
  name: string;
  value: string;
  onChange(value: string): void;
  hint?: ComponentChildren;
  isFirst?: boolean;
  isRequired?: boolean;
  type?: "text" | "time" | "url";
  placeholder?: string;
}

export function Field({ name, value, onChange, hint, isFirst, isRequired, type = "text", placeholder }: FieldProps) {
  const id = idOf(name);
  return (
    <div class="field">
      <label for={id}>{name}</label>
      <input
        id={id}
        class="inp"
        type={type as "text"}
        data-first={isFirst || undefined}
        required={isRequired}
        spellcheck={false}
        autocomplete="off"
        placeholder={placeholder}
        value={value}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

interface ChooseProps {
  name: string;
  value: string;
  choices: readonly (readonly [value: string, words: string])[];
  onChange(value: string): void;
  hint?: ComponentChildren;
}

export function Choose({ name, value, choices, onChange, hint }: ChooseProps) {
  const id = idOf(name);
  return (
    <div class="field">
      <label for={id}>{name}</label>
      <span class="inp">
        <select id={id} value={value} aria-describedby={hint === undefined ? undefined : `${id}-hint`} onChange={(event) => onChange(event.currentTarget.value)}>
          {choices.map(([one, words]) => (
            <option key={one} value={one}>
              {words}
            </option>
          ))}
        </select>
      </span>
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

function idOf(name: string): string {
  return `field-${name.toLowerCase().replace(/\W+/g, "-")}`;
}

interface CommandButtonProps {
  operation: string;
  name: string;
  label?: string;
  icon?: IconName;
  isSmall?: boolean;
  isPrimary?: boolean;
  /** Why it cannot be given now, though the role may. */
  why?: string;
  onClick(): void;
}

/** Absent where the role may not give the command; disabled with the reason where it cannot be given now. */
export function CommandButton({ operation, name, label, icon, isSmall, isPrimary, why, onClick }: CommandButtonProps) {
  if (!may(operation)) return null;
  const reason = isPast.value ? "you are looking at the past" : why;
  return (
    <button type="button" class={`btn${isSmall ? " sm" : ""}${isPrimary ? " pri" : ""}`} aria-label={label} disabled={Boolean(reason)} title={reason} onClick={onClick}>
      {icon && <Icon name={icon} small />}
      {name}
    </button>
  );
}

/** `a, b` as a list; nothing is an empty one. */
export function listed(text: string): string[] {
  return text.split(/[,\s]+/).filter(Boolean);
}

/** A secret that no other answer holds: shown this once, to be kept somewhere else. */
export function ShownOnce({ title, what, secret, onClose, children }: { title: string; what: string; secret: string; onClose(): void; children?: ComponentChildren }) {
  const field = useRef<HTMLInputElement>(null);
  const [isCopied, setCopied] = useState<boolean | null>(null);
  const copy = async () => {
    field.current?.select();
    try {
      await navigator.clipboard.writeText(secret);
      setCopied(true);
    } catch {
      setCopied(false);
    }
  };
  return (
    <Dialog label={title} kind="sheet" onClose={onClose}>
      <div class="asked">
        <h2>{title}</h2>
        <div class="note">
          <Icon name="warning" />
          <span>
            <b>It is shown this once.</b> {what}
          </span>
        </div>
        <div class="field">
          <label for="shown-once">{title.split(",")[0]}</label>
          <input id="shown-once" ref={field} class="inp mono" readOnly value={secret} onFocus={(event) => event.currentTarget.select()} />
        </div>
        {children}
        <p class="sec" role="status">
          {isCopied === null ? "" : isCopied ? "It is in the clipboard." : "The browser does not let this page copy: copy the selected text."}
        </p>
        <p class="acts">
          <button type="button" class="btn pri" data-first onClick={() => void copy()}>
            <Icon name="copy" small />
            Copy
          </button>
          <button type="button" class="btn" onClick={onClose}>
            I have kept it
          </button>
        </p>
      </div>
    </Dialog>
  );
}
