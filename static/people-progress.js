/* Brings the mails' progress up to date while mails are waiting. Without it the link "Look again" does. */
(() => {
  "use strict";
  const look = async () => {
    const answer = await fetch(window.location.href, { credentials: "same-origin" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("progress-part");
    const shown = document.getElementById("progress-part");
    if (!fresh || !shown) return;
    shown.replaceWith(fresh);
    if (fresh.dataset.isOver === "no") window.setTimeout(look, 2000);
  };
  window.setTimeout(look, 2000);
})();
