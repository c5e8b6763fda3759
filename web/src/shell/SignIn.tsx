/** Where a session has ended, or there was none: by pasting a key, or by the program's own page for the other ways. */
import { Icon } from "../parts/Icon";

export function SignIn() {
  return (
    <main id="main" class="signin">
      <form class="panel" method="post" action="/auth/sign-in">
        <h1>
          <Icon name="mark" />
          Tenor
        </h1>
        <p class="sec">You are not signed in, or your session has ended.</p>
        <div class="field">
          <label for="key">A key</label>
          <input id="key" class="inp" name="key" type="password" autocomplete="off" required />
        </div>
        <button type="submit" class="btn pri">
          Sign in
        </button>
        <a href="/auth/sign-in">Other ways to sign in</a>
      </form>
    </main>
  );
}
