/* Brings the state of a release and its mails up to date while something is still to come. Without it the link "Look again" does. */
(() => {
  "use strict";
  const part = (page, id) => page.getElementById(id);
  const later = () => window.setTimeout(look, Number(part(document, "progress-part").dataset.again || 2) * 1000);
  const look = async () => {
    const answer = await fetch(window.location.href, { credentials: "same-origin" }).catch(() => null);
    if (!answer || !answer.ok) return later();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = part(page, "progress-part");
    const shown = part(document, "progress-part");
    if (!fresh || !shown) return;
    const hasChanged = fresh.dataset.state !== shown.dataset.state;
    // What waits looks the same each time, and somebody may be about to press its button.
    if (hasChanged || fresh.dataset.state !== "waiting") shown.replaceWith(fresh);
    else shown.dataset.again = fresh.dataset.again;
    if (hasChanged) part(document, "release-rest").replaceWith(part(page, "release-rest"));
    if (fresh.dataset.isOver === "no") later();
  };
  later();
})();
