"""Scripts that the measured page runs: each notes when the frame after something was painted."""

PAINTED = """(() => {
  const look = () => {
    if (document.querySelector(".fig dd, [role=treegrid] tbody tr")) {
      requestAnimationFrame(() => setTimeout(() => { window.paintedAt = performance.now(); }));
    } else requestAnimationFrame(look);
  };
  addEventListener("DOMContentLoaded", look);
})()"""

KEY_TO_PAINT = """() => {
  window.keyTimes = [];
  addEventListener("keydown", (event) => {
    const began = event.timeStamp;
    requestAnimationFrame(() => setTimeout(() => window.keyTimes.push(performance.now() - began)));
  }, { capture: true });
}"""

TREE_OPENED = """() => {
  window.openTimes = [];
  addEventListener("keydown", (event) => {
    if (event.key !== "ArrowRight") return;
    const began = event.timeStamp;
    const rows = document.querySelector("[role=treegrid]").getAttribute("aria-rowcount");
    const look = () => {
      if (document.querySelector("[role=treegrid]").getAttribute("aria-rowcount") !== rows) {
        setTimeout(() => window.openTimes.push(performance.now() - began));
      } else if (performance.now() - began < 5000) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, { capture: true });
}"""

ROWS_IN_THE_DOCUMENT = "() => document.querySelectorAll('[role=treegrid] tbody tr[role=row]').length"

OPEN_ALSO = """(open) => {
  const url = new URL(location.href);
  url.searchParams.set("open", open);
  history.replaceState(null, "", url);
  dispatchEvent(new PopStateEvent("popstate"));
}"""

TO_COME = "/they come as you scroll|on their way/"
NOTHING_TO_COME = f"""() => {{
  const rows = [...document.querySelectorAll("[role=treegrid] tbody tr[role=row]")];
  return !rows.some((row) => {TO_COME}.test(row.textContent));
}}"""
PANE = "document.querySelector('[role=treegrid]').closest('.pgrid')"
FURTHER = f"""async () => {{
  const isThere = {NOTHING_TO_COME};
  for (let frame = 0; frame < 60 && isThere(); frame++) {{
    const before = {PANE}.scrollTop;
    {PANE}.scrollTop += 900;
    if ({PANE}.scrollTop === before) return false;
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  }}
  return true;
}}"""
"""Less than what is seen, frame after frame, until something is to come; false at the end."""
TO_THE_TOP = f"() => {{ {PANE}.scrollTop = 0; }}"
