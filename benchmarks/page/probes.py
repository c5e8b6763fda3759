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
