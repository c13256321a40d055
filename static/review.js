/* Scores by keyboard: a digit in a criterion chooses it and goes on to the next, Ctrl+Enter saves. All works without. */
(() => {
  "use strict";
  const form = document.getElementById("review-scores");
  if (!form) return;
  const criteria = [...form.querySelectorAll("fieldset")];
  const choose = (fieldset, key) => {
    const wanted = key === "-" ? "abstain" : key;
    const radio = fieldset.querySelector(`input[type="radio"][value="${wanted}"]`);
    if (!radio) return false;
    radio.checked = true;
    const following = criteria[criteria.indexOf(fieldset) + 1];
    const next = following
      ? following.querySelector("input:checked") || following.querySelector("input")
      : form.querySelector("textarea");
    next.focus();
    return true;
  };
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || !/^[0-9-]$/.test(event.key)) return;
    const fieldset = event.target.closest("fieldset");
    if (fieldset && choose(fieldset, event.key)) event.preventDefault();
  });
})();
