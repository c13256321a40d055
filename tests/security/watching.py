"""An eye in the browser: what a page did that it should not do, because of a text that it shows."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Dialog, Error, Page, Request

from tests.journeys.look import Stop
from tests.security.payloads import CANARY_HOST

PATIENCE_MS = 8_000

#: Runs before any script of the page: what executed, and what the policy stopped.
LISTEN = """
window.__seen = [];
window.canaryRan = () => window.__seen.push("executed: canaryRan");
for (const name of ["alert", "confirm", "prompt", "print"])
    window[name] = () => window.__seen.push("executed: " + name);
document.addEventListener("securitypolicyviolation", event =>
    window.__seen.push(`report: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""

#: What the page holds: elements and attributes that no template of ours makes, and words that stand on their head.
LOOK = """host => {
    const seen = [...window.__seen];
    const addresses = ["href", "src", "action", "formaction", "data", "srcset", "poster", "xlink:href", "background"];
    for (const element of document.querySelectorAll("*")) {
        const told = element.outerHTML.slice(0, 120);
        if (element.classList.contains("canary") || ["IFRAME", "OBJECT", "EMBED", "BASE"].includes(element.tagName))
            seen.push("injected: " + told);
        for (const {name, value} of element.attributes) {
            if (name.startsWith("on")) seen.push("injected: handler " + told);
            if (!addresses.includes(name)) continue;
            if (/^[\\s\\x00-\\x1f]*(javascript|data|vbscript)\\s*:/i.test(value)) seen.push("injected: scheme " + told);
            let led = "";
            try { led = new URL(value, document.baseURI).host } catch { }
            if (led.endsWith(host)) seen.push("injected: address " + told);
        }
    }
    const turns = /[\\u202a-\\u202e\\u2066-\\u2069]/;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const text = walker.currentNode;
        if (turns.test(text.data) && !text.parentElement.closest("bdi, textarea, script, option, title"))
            seen.push("turned: " + text.parentElement.outerHTML.slice(0, 120));
    }
    const room = document.documentElement;
    if (room.scrollWidth > room.clientWidth) {
        const isWide = one => one.getBoundingClientRect().right > room.clientWidth + 1;
        const wide = [...document.body.querySelectorAll("*")].filter(isWide);
        seen.push("wider: " + (wide.pop() || document.body).outerHTML.slice(0, 160));
    }
    return [...new Set(seen)];
}"""


@dataclass
class Watch:
    """Looks at pages of one site, and keeps what it saw by address."""

    page: Page
    site: str
    seen: dict[str, set[str]] = field(default_factory=dict)
    pages: int = 0
    failed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._now: list[str] = []
        self.page.add_init_script(LISTEN)
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("dialog", self._on_dialog)
        self.page.on("console", self._on_console)
        self.page.on("request", self._on_request)
        self.page.on("pageerror", lambda error: self._now.append(f"script: {error}"))

    def look_at(self, stop: Stop, *, host: str = CANARY_HOST) -> None:
        """Open the page, press there what is to be pressed, and look."""
        self._now.clear()
        try:
            answer = self.page.goto(self.site + stop.address, wait_until="load")
            if answer is None or answer.status >= 500:
                self.failed.append(f"{stop}: {answer and answer.status}")
            if stop.press:
                self._press(stop)
            found = self.page.evaluate(LOOK, host)
        except Error as error:
            self.failed.append(f"{stop}: {error.message[:200]}")
            return
        self.pages += 1
        if told := {*found, *self._now}:
            self.seen.setdefault(str(stop), set()).update(told)

    def _press(self, stop: Stop) -> None:
        try:
            stop.press and stop.press(self.page)
            self.page.wait_for_load_state()
        except (Error, AssertionError):
            # Buttons are found by words, and the words of this portal were replaced. What is shown is looked at.
            self.page.wait_for_load_state()

    def _on_dialog(self, dialog: Dialog) -> None:
        self._now.append(f"executed: dialog {dialog.message[:80]}")
        dialog.dismiss()

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith("Failed to load resource: the server responded"):
            self._now.append(f"console: {message.text[:200]}")

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith(self.site) and urlsplit(request.url).scheme not in ("about", "blob"):
            self._now.append(f"request: {request.url[:120]}")
