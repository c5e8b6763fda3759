/** Where a sign-in is asked for: by the organisation's own, or by pasting a key. */
import { useState } from "preact/hooks";
import { Icon } from "../parts/Icon";
import { learnWho } from "../state/session";

export function SignIn() {
  const [key, setKey] = useState("");
  const [problem, setProblem] = useState("");
  const send = async (event: Event) => {
    event.preventDefault();
    const answer = await fetch("/auth/session", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ key }),
    }).catch(() => null);
    if (answer?.ok) {
      await learnWho();
      location.reload();
    } else setProblem("This key is not known, has expired or was revoked.");
  };
  return (
    <main id="main" class="signin">
      <form class="panel" onSubmit={send}>
        <h1>
          <Icon name="mark" />
          Tenor
        </h1>
        <a class="btn pri" href="/auth/login">
          Sign in with your organisation
        </a>
        <div class="field">
          <label for="key">Or paste a key</label>
          <input id="key" class="inp" type="password" autocomplete="off" value={key} aria-invalid={Boolean(problem)} aria-describedby="key-problem" onInput={(event) => setKey(event.currentTarget.value)} />
          <p id="key-problem" class="wrong" role="alert">
            {problem}
          </p>
        </div>
        <button type="submit" class="btn" disabled={!key}>
          Sign in
        </button>
      </form>
    </main>
  );
}
