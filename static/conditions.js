// Hides the questions that are asked only after a certain answer to another. Without this script they all stay visible,
// each with its condition in words; the server decides what counts either way.
(function () {
  "use strict";

  const ON = ["on", "yes", "true"];

  function holds(form, box) {
    const wanted = box.dataset.askedValue;
    const inputs = form.querySelectorAll('[name="' + CSS.escape(box.dataset.askedIf) + '"]');
    return Array.from(inputs).some(function (input) {
      if (input.closest("[data-asked-if][hidden]")) return false;
      const isBox = input.type === "checkbox" || input.type === "radio";
      if (isBox && !input.checked) return false;
      return input.value === wanted || (input.type === "checkbox" && input.value === "on" && ON.includes(wanted));
    });
  }

  document.querySelectorAll("form").forEach(function (form) {
    const boxes = Array.from(form.querySelectorAll("[data-asked-if]"));
    if (!boxes.length) return;
    function update() {
      // A question may depend on one that depends on a third: as many rounds as there are boxes settle every chain.
      boxes.forEach(function () {
        boxes.forEach(function (box) {
          box.hidden = !holds(form, box);
        });
      });
    }
    form.addEventListener("input", update);
    form.addEventListener("change", update);
    update();
  });
})();
