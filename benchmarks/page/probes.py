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

PANE = "document.querySelector('[role=treegrid]').closest('.pgrid')"
FURTHER = f"""() => {{
  const before = {PANE}.scrollTop;
  {PANE}.scrollTop += 900;
  return {PANE}.scrollTop > before;
}}"""
"""A little less than what is seen; false at the end."""
TO_THE_TOP = f"() => {{ {PANE}.scrollTop = 0; }}"

NOTHING_TO_COME = """() => {
  const rows = [...document.querySelectorAll("[role=treegrid] tbody tr[role=row]")];
  return !rows.some((row) => /they come as you scroll|on their way/.test(row.textContent));
}"""
