// Keys that work wherever the reader is: space, arrows, Home, End and Escape.

const STEP_H = 1 / 12, LEAP_H = 0.5;

// ``actions``: toggle(), seekBy(hours), seekTo(share of the whole), close().
export function listenToKeys(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") actions.close();
    else if (!takesKeys(event.target) && act(event, actions)) event.preventDefault();
  });
}

// Form controls and buttons have uses of their own for these keys.
function takesKeys(target) {
  return target instanceof Element && target.closest("input, select, button, textarea") !== null;
}

function act(event, actions) {
  const step_h = event.shiftKey ? LEAP_H : STEP_H;
  switch (event.key) {
    case " ": actions.toggle(); return true;
    case "ArrowLeft": return actions.seekBy(-step_h);
    case "ArrowRight": return actions.seekBy(step_h);
    case "Home": return actions.seekTo(0);
    case "End": return actions.seekTo(1);
    default: return false;
  }
}
