// Hides the questions that are asked only after a certain answer to another. Without this script they all stay visible,
// each with its condition in words; the server decides what counts either way.
(function () {
  "use strict";

  const ON = ["on", "yes", "true"];

  // A number is the same however it is written; the server takes a comma for the point, and no notice of spaces.
  function isSame(input, wanted) {
    const typed = input.value.trim();
    if (input.inputMode !== "decimal") return typed === wanted;
    const number = typed.replace(/\s/g, "").replace(/,/g, ".");
    return number !== "" && Number(number) === Number(wanted);
  }

  function holds(form, box) {
    const wanted = box.dataset.askedValue;
    const inputs = form.querySelectorAll('[name="' + CSS.escape(box.dataset.askedIf) + '"]');
    return Array.from(inputs).some(function (input) {
      if (input.closest("[data-asked-if][hidden]")) return false;
      const isBox = input.type === "checkbox" || input.type === "radio";
      if (isBox && !input.checked) return false;
      return isSame(input, wanted) || (input.type === "checkbox" && input.value === "on" && ON.includes(wanted));
    });
  }

  document.querySelectorAll("form").forEach(function (form) {
    const boxes = Array.from(form.querySelectorAll("[data-asked-if]"));
    if (!boxes.length) return;
    function update() {
      // A question may depend on one that depends on a third: as many rounds as there are boxes settle every chain.
      boxes.forEach(function () {
        boxes.forEach(function (box) {
          // What the page above says to put right must be there to be put right.
          box.hidden = !holds(form, box) && !box.querySelector(".ecl-feedback-message");
        });
      });
    }
    form.addEventListener("input", update);
    form.addEventListener("change", update);
    update();
  });
})();
