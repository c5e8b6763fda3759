/** The frame around every screen. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { path } from "../place";
import { screenAt, type ScreenProps } from "../screens";
import { run, runProblem, runs, runsProblem, runId, learnRuns } from "../state/book";
import { isSignedOut } from "../state/session";
import { ProblemNote, Empty } from "../parts/Panel";
import { announced } from "./announce";
import { ContextBar } from "./ContextBar";
import { Find } from "./Find";
import { Foot } from "./Foot";
import { isCovered } from "./layers";
import { KeysSheet } from "./KeysSheet";
import { Inspector } from "../inspector/Inspector";
import { LeftOut } from "../inspector/LeftOut";
import { Rail, Tabs } from "./Rail";
import { SignIn } from "./SignIn";

export function App() {
  if (isSignedOut.value) return <SignIn />;
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => skip(event)}>
        Skip to the figures
      </a>
      <div class="app" inert={isCovered.value}>
        <Rail />
        <ContextBar />
        <main id="main" tabIndex={-1}>
          <Shown />
        </main>
        <Foot />
        <Tabs />
      </div>
      <div id="layers">
        <Find />
        <KeysSheet />
        <Inspector />
        <LeftOut />
      </div>
      <p class="vh" role="status" aria-live="polite">
        {announced.value}
      </p>
    </>
  );
}

function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

/** Screens that show no run, and live without one. */
const WITHOUT_A_RUN = ["/docs", "/gallery", "/data", "/operations", "/scenarios", "/runs", "/audit"];

function Shown() {
  const found = screenAt(path.value);
  const [loaded, setLoaded] = useState<{ path: string; Screen: ComponentType<ScreenProps> } | null>(null);
  const pattern = found?.screen.path;
  useEffect(() => {
    if (!found) return;
    let isOver = false;
    found.screen.load().then((module) => {
      if (!isOver) setLoaded({ path: found.screen.path, Screen: module.default });
    });
    document.title = `${found.screen.name} · Tenor`;
    return () => {
      isOver = true;
    };
  }, [pattern]);
  if (!found) return <Nowhere />;
  if (!WITHOUT_A_RUN.some((one) => path.value === one || path.value.startsWith(`${one}/`))) {
    if (runsProblem.value) return <Told>{<ProblemNote problem={runsProblem.value} again={learnRuns} />}</Told>;
    if (runProblem.value) return <Told>{<ProblemNote problem={runProblem.value} />}</Told>;
    if (runs.value && !runId.value) return <FirstSteps />;
    if (!run.value) return null;
  }
  if (!loaded || loaded.path !== pattern) return null;
  return <loaded.Screen parts={found.parts} />;
}

function Told({ children }: { children: preact.ComponentChildren }) {
  return (
    <>
      <div class="head">
        <h1>Nothing to show</h1>
      </div>
      <div class="alone">
        <section class="panel">{children}</section>
      </div>
    </>
  );
}

function Nowhere() {
  return (
    <Told>
      <div class="body">
        <Empty title="There is no such screen.">The rail at the left names those that there are.</Empty>
      </div>
    </Told>
  );
}

/** An empty log: three steps, and the command that does them all. */
function FirstSteps() {
  return (
    <>
      <div class="head">
        <h1>Three steps to the first figures</h1>
      </div>
      <div class="alone">
        <section class="panel">
          <div class="body">
            <ol class="steps">
              <li>
                Bring a book: <code class="mono">tenor ingest PORTFOLIO</code>
              </li>
              <li>
                Bring a market: <code class="mono">tenor market load MARKET</code>
              </li>
              <li>
                Run: <code class="mono">tenor run submit --portfolio latest --market latest --wait</code>
              </li>
            </ol>
            <p class="sec">
              Or all three on a sample fund: <code class="mono">make demo</code>
            </p>
          </div>
        </section>
      </div>
    </>
  );
}
