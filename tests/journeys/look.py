"""Looking at a page as many people will: on a small phone and a wide screen, with axe, with an eye on the console."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import ConsoleMessage, Page

ALL_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
#: What the width of the window can change.
RULES_OF_LAYOUT = ["target-size", "scrollable-region-focusable"]
#: Preloading would inject styles once more, inline, which the policy of our pages rightly refuses.
AXE = {"preload": False, "resultTypes": ["violations"]}
NARROWEST, PHONE, DESK = 320, 360, 1280
_ANSWER_LINE = "Failed to load resource: the server responded with a status of 4"
#: Answers in words: the whole report is long, and slow to hand over.
_RUN_AXE = """async options => {
    const found = await axe.run(options)
    return found.violations.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.html.slice(0, 160)}`))
}"""
_OPEN_ALL = "document.querySelectorAll('details').forEach(part => { part.open = true })"


@dataclass(frozen=True)
class Stop:
    """An address to look at, the answer that it gives, and what to press there before looking."""

    address: str
    status: int = 200
    press: Callable[[Page], Any] | None = None

    def __str__(self) -> str:
        return f"{self.address} pressed" if self.press else self.address


class Eye:
    """Looks at pages of one site in one page of a browser."""

    def __init__(self, page: Page, site: str) -> None:
        self._page, self._site = page, site
        self._complaints: list[str] = []
        page.add_init_script(AXE_SCRIPT)
        page.on("console", self._note)
        page.on("pageerror", lambda error: self._complaints.append(f"script: {error}"))

    def look_at(self, stops: Sequence[Stop]) -> dict[str, list[str]]:
        """What stands in people's way, by address; nothing where nothing does."""
        # The first page shows the frame of all of them as it is on a wide screen.
        found = {str(stop): self._look(stop, desk_rules=RULES_OF_LAYOUT) for stop in stops[1:]}
        found[str(stops[0])] = self._look(stops[0], desk_rules=ALL_RULES)
        return {address: barriers for address, barriers in found.items() if barriers}

    def _look(self, stop: Stop, *, desk_rules: list[str]) -> list[str]:
        self._complaints.clear()
        response = self._page.goto(self._site + stop.address)
        status = response.status if response else 0
        found = [] if status == stop.status else [f"answered {status}, not {stop.status}"]
        if stop.press:
            stop.press(self._page)
            self._page.wait_for_load_state()
        self._page.evaluate(_OPEN_ALL)
        found += [f"wider than {width}" for width in (NARROWEST, PHONE, DESK) if self._is_wider_than(width)]
        for width, rules in ((DESK, desk_rules), (PHONE, ALL_RULES)):
            self._show(width)
            found += [f"{barrier} at {width}" for barrier in self._barriers(rules)]
        return found + self._complaints

    def _show(self, width: int) -> None:
        self._page.set_viewport_size({"width": width, "height": 800})

    def _is_wider_than(self, width: int) -> bool:
        self._show(width)
        return bool(self._page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))

    def _barriers(self, rules: list[str]) -> list[str]:
        return list(self._page.evaluate(_RUN_AXE, {**AXE, "runOnly": rules}))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_ANSWER_LINE):
            self._complaints.append(f"console: {message.text}")
