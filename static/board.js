// The selection board without reloading: what the ticked would change, staging, and keys. Without it forms do the same.
(() => {
  "use strict";
  const FRESH = ["board-places", "board-rows", "board-panel", "board-refusal"];
  const form = document.getElementById("board-form");
  const live = document.getElementById("board-live");
  if (!document.getElementById("board-bar")) return; // Nobody has applied yet.
  const keys = { s: "select", r: "reserve", d: "decline", u: "undo" };
  let isSending = false;

  const rows = () => Array.from(document.querySelectorAll("#board-rows tbody tr"));
  const tick = (row) => row.querySelector("input[name=chosen]");
  const ticked = () => rows().filter((row) => tick(row).checked);
  const at = () => document.activeElement && document.activeElement.closest("#board-rows tbody tr");

  function say(words) {
    live.textContent = "";
    window.setTimeout(() => { live.textContent = words; }, 20);
  }

  // The panel with those ticked, as if they were staged to be selected.
  function verdict(number, least, most) {
    if (least !== "" && number < Number(least)) return `${Number(least) - number} too few`;
    if (most !== "" && number > Number(most)) return `${number - Number(most)} too many`;
    return "";
  }

  function showThen() {
    const more = new Map();
    const chosen = ticked();
    chosen.filter((row) => row.dataset.in === "no").forEach((row) => {
      row.dataset.cells.split(" ").forEach((cell) => more.set(cell, (more.get(cell) || 0) + 1));
    });
    document.querySelectorAll("#board-panel tr[data-cell]").forEach((line) => {
      const added = more.get(line.dataset.cell) || 0;
      const number = Number(line.dataset.staged) + added;
      const width = Math.min(100, (100 * number) / Number(line.dataset.largest));
      line.querySelector(".bar-ticked").setAttribute("width", added ? String(width) : "0");
      line.querySelector(".board-then").textContent = added ? ` \u2192 ${number}` : "";
      const words = line.querySelector(".board-verdict");
      if (words) {
        words.textContent = verdict(number, line.dataset.least, line.dataset.most);
        words.classList.toggle("people-warn", words.textContent !== "");
      }
    });
    const count = document.getElementById("board-count");
    count.textContent = chosen.length ? `${chosen.length} ticked.` : "";
  }

  function prepare() {
    rows().forEach((row) => { row.tabIndex = -1; });
    const all = document.getElementById("board-all");
    if (all) all.hidden = false;
    showThen();
  }

  async function send(act) {
    if (isSending) return;
    isSending = true;
    const here = at() ? at().id : "";
    const data = new FormData(form);
    data.set("act", act);
    if (!ticked().length && at() && !data.has("everyone")) data.append("chosen", tick(at()).value);
    form.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(window.location.href, { method: "POST", body: data, credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!page.getElementById("board-rows")) throw new Error("no board");
      show(page, here, answer.ok);
    } catch {
      say("That did not reach the portal. Nothing was changed; please try again.");
    } finally {
      isSending = false;
      form.removeAttribute("aria-busy");
    }
  }

  function show(page, here, isDone) {
    FRESH.forEach((id) => {
      const fresh = page.getElementById(id);
      const shown = document.getElementById(id);
      if (fresh && shown) shown.replaceWith(document.adoptNode(fresh));
    });
    prepare();
    const row = here && document.getElementById(here);
    if (row) row.focus();
    const said = Array.from(page.querySelectorAll(".messagelist li")).map((item) => item.textContent.trim());
    if (isDone) form.querySelector("input[name=reason]").value = "";
    const refusal = document.getElementById("board-refusal").textContent.trim();
    say(isDone ? said.join(" ") : refusal);
    if (isDone) return;
    // Where words are missing they are typed next; else it is the reason that does not fit.
    const words = form.querySelector("select[name=code]").value === "other" ? "input[name=reason]" : "select[name=code]";
    form.querySelector(refusal.includes("reason") ? words : "button").focus();
  }

  function go(step) {
    const all = rows();
    if (!all.length) return;
    const now = all.indexOf(at());
    const next = now < 0 ? (step > 0 ? 0 : all.length - 1) : Math.max(0, Math.min(all.length - 1, now + step));
    all[next].focus();
    all[next].scrollIntoView({ block: "nearest" });
  }

  // Letters typed into a field stay there; a tick box of a row takes none.
  function isTyping(target) {
    const field = target.closest("input, select, textarea, [contenteditable]");
    return Boolean(field) && !field.matches("#board-rows input[type=checkbox]");
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const key = event.key;
    if (key === "?") {
      const help = document.getElementById("board-keys");
      help.open = !help.open;
      if (help.open) help.querySelector("summary").focus();
    } else if (key === "j" || (key === "ArrowDown" && at())) go(1);
    else if (key === "k" || (key === "ArrowUp" && at())) go(-1);
    else if (key === "x" && at()) tick(at()).click();
    else if (key === "Enter" && event.target.matches("#board-rows tr")) at().querySelector("th a").click();
    else if (keys[key] && (at() || ticked().length)) send(keys[key]);
    else return;
    event.preventDefault();
  });

  document.addEventListener("change", (event) => {
    if (event.target.id === "board-all") rows().forEach((row) => { tick(row).checked = event.target.checked; });
    if (event.target.closest("#board-rows")) showThen();
  });

  form.addEventListener("submit", (event) => {
    if (!event.submitter || event.submitter.name !== "act") return;
    event.preventDefault();
    send(event.submitter.value);
  });

  prepare();
})();
