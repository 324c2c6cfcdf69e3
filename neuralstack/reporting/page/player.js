// Time: the step that is shown, and the controls and keys that change it.

// `show` shows a step, and `first` is the number of the first one.
function makePlayer(show, first) {
  let last = -1; // the last step, or none
  let at = 0;
  let clock = null; // the timer, while playing

  function showStep(step) {
    if (last < 0) return;
    at = Math.min(last, Math.max(0, step));
    show(at);
    $("step").value = at;
    $("step").setAttribute("aria-valuetext", `step ${at + first} of ${last + first}`);
    $("count").textContent = `${at + first} / ${last + first}`;
  }

  function setPlaying(playing) {
    clearInterval(clock);
    clock = playing ? setInterval(tick, 1000 / Number($("speed").value)) : null;
    document.body.toggleAttribute("data-playing", playing);
    $("play").setAttribute("aria-label", playing ? "Pause" : "Play");
    // While playing, each step is shown; only the one at which it stops is read aloud.
    $("sentence").setAttribute("aria-live", playing ? "off" : "polite");
  }

  function tick() {
    if (at + 1 >= last) setPlaying(false);
    showStep(at + 1);
  }

  function togglePlaying() {
    if (clock === null && at >= last) showStep(0);
    setPlaying(clock === null && last > 0);
  }

  // The reader's own steps stop the clock.
  function goTo(step) {
    setPlaying(false);
    showStep(step);
  }

  // Other steps, so many of them, from which one is shown.
  function restart(count, step = 0) {
    last = count - 1;
    $("step").max = Math.max(0, last);
    for (const id of ["first", "previous", "play", "next", "last", "step"]) $(id).disabled = last < 0;
    $("count").textContent = "";
    goTo(step);
  }

  // The keyboard. A control that uses a key itself keeps it.
  const keys = {
    ArrowLeft: () => goTo(at - 1),
    ArrowRight: () => goTo(at + 1),
    Home: () => goTo(0),
    End: () => goTo(last),
    " ": togglePlaying,
  };

  function pressed(event) {
    const keeps = event.key === " " ? "button, select, #text" : "select, #text";
    if (!(event.key in keys) || event.target.matches(keeps) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    keys[event.key]();
  }

  $("first").addEventListener("click", () => goTo(0));
  $("previous").addEventListener("click", () => goTo(at - 1));
  $("play").addEventListener("click", togglePlaying);
  $("next").addEventListener("click", () => goTo(at + 1));
  $("last").addEventListener("click", () => goTo(last));
  $("step").addEventListener("input", (event) => goTo(Number(event.target.value)));
  $("speed").addEventListener("change", () => setPlaying(clock !== null));
  document.addEventListener("keydown", pressed);
  return { goTo, restart, step: () => at, playing: () => clock !== null };
}
