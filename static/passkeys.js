// Says on the page that a passkey was not taken; allauth's scripts would only tell the console.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  for (const words of document.querySelectorAll("[data-passkey-trouble]")) {
    words.hidden = false;
  }
});
