"""Headless Chromium for the page tests, spoken to over a pipe: no port, no driver, no package.

The browser sees one plain Latin font and no Chinese one, whatever the machine has: a page must
carry the characters it shows.
"""

from __future__ import annotations

import base64
import fcntl
import importlib.util
import itertools
import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Self

WIDTH, HEIGHT = 1280, 900  # a projector's page [px]
ANSWER_WITHIN = 60  # [seconds]
SWITCHES = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
)
# Chromium reads from descriptor 3 and writes to 4.
LAUNCH = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); "
    "os.execv(sys.argv[3], sys.argv[3:])"
)
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>
"""
# A character without a glyph is drawn as the box of a character that no font has.
MISSING_GLYPHS = """
(() => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 48;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const picture = (family, text) => {
    pen.clearRect(0, 0, 48, 48);
    pen.font = `24px ${family}`;
    pen.fillText(text, 4, 34);
    return pen.getImageData(0, 0, 48, 48).data.join();
  };
  const boxes = {}, seen = new Set(), missing = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (element.closest("script, style, template")) continue;
    const family = getComputedStyle(element).fontFamily;
    boxes[family] ??= picture(family, "\\u0378");
    for (const letter of node.data) {
      const key = family + letter;
      if (seen.has(key) || !letter.trim()) continue;
      seen.add(key);
      if (picture(family, letter) === boxes[family]) missing.add(letter);
    }
  }
  return [...missing];
})()
"""
# Elements that end to the right of the window, unless they lie in a box that scrolls by itself.
OVERFLOW = """
(() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.body.querySelectorAll("*")]
    .filter((e) => e.getBoundingClientRect().right > width + 1)
    .map((e) => `${e.tagName.toLowerCase()}.${e.className} ends at ` +
                `${Math.round(e.getBoundingClientRect().right)} of ${width} px`)
    .slice(0, 5);
})()
"""


class Chromium:
    """One headless browser, ended with its ``with`` block."""

    def __init__(self, program: str, home: Path) -> None:
        self._numbers = itertools.count(1)
        self._messages: queue.Queue[dict[str, Any]] = queue.Queue()
        self.events: list[dict[str, Any]] = []
        home.mkdir(parents=True, exist_ok=True)
        ours, theirs = _pipe(), _pipe()
        command = [sys.executable, "-c", LAUNCH, str(ours[0]), str(theirs[1]), program, *SWITCHES]
        if os.geteuid() == 0:
            command.append("--no-sandbox")
        self._process = subprocess.Popen(
            [*command, f"--user-data-dir={home / 'profile'}"],
            pass_fds=(ours[0], theirs[1]),
            env=os.environ | _fonts(home),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(ours[0])
        os.close(theirs[1])
        self._to = os.fdopen(ours[1], "wb", buffering=0)
        self._from = os.fdopen(theirs[0], "rb")
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(10)
        self._to.close()
        self._from.close()

    def call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """Send one command and wait for its answer; events met on the way are kept."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        self._to.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._messages.get(timeout=ANSWER_WITHIN)
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return dict(answer["result"])
            self.events.append(answer)

    def wait(self, method: str, session: str) -> None:
        """Wait until an event of that name has come for the page."""
        while not any(
            e.get("method") == method and e.get("sessionId") == session for e in self.events
        ):
            self.events.append(self._messages.get(timeout=ANSWER_WITHIN))

    def open(self, url: str) -> Page:
        """Open a page in a tab of its own and wait until it has loaded."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        answer = self.call("Target.attachToTarget", targetId=target, flatten=True)
        return Page(self, answer["sessionId"], url)

    def _read(self) -> None:
        waiting = b""
        while piece := self._from.read1(65536):
            *whole, waiting = (waiting + piece).split(b"\0")
            for message in whole:
                self._messages.put(json.loads(message))


class Page:
    """One loaded page: what it said, what it fetched, what it looks like."""

    def __init__(self, browser: Chromium, session: str, url: str) -> None:
        self._browser, self._session, self.url = browser, session, url
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=WIDTH,
            height=HEIGHT,
            deviceScaleFactor=1,
            mobile=False,
        )
        self._call("Page.navigate", url=url)
        browser.wait("Page.loadEventFired", session)
        self.evaluate("document.fonts.ready.then(() => true)")

    def evaluate(self, expression: str) -> Any:
        """Compute a JavaScript expression in the page."""
        answer = self._call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    @property
    def complaints(self) -> list[str]:
        """Errors and warnings on the page's console, failed fetches among them."""
        said = []
        for event in self._events():
            method, params = event["method"], event["params"]
            if method == "Runtime.exceptionThrown":
                said.append(str(params["exceptionDetails"]))
            elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
                said.append(f"{params['type']}: {params['args']}")
            elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
                said.append(f"{params['entry']['level']}: {params['entry']['text']}")
        return said

    @property
    def fetched(self) -> list[str]:
        """Addresses the page asked for, but for itself and what is inside it."""
        asked = [
            event["params"]["request"]["url"]
            for event in self._events()
            if event["method"] == "Network.requestWillBeSent"
        ]
        return [url for url in asked if url != self.url and not url.startswith(("data:", "blob:"))]

    def pdf(self) -> bytes:
        """Print the page on the paper its style sheet names."""
        answer = self._call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        return base64.b64decode(answer["data"])

    def screenshot(self, path: Path) -> None:
        """Write a picture of the whole page, PNG."""
        self._call("Page.bringToFront")  # a tab behind another is not drawn
        answer = self._call("Page.captureScreenshot", captureBeyondViewport=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(answer["data"]))

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **params)

    def _events(self) -> list[dict[str, Any]]:
        return [e for e in self._browser.events if e.get("sessionId") == self._session]


def _pipe() -> tuple[int, int]:
    """Open a pipe whose descriptors lie clear of 3 and 4."""
    low = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in low)
    for end in low:
        os.close(end)
    return high[0], high[1]


def _fonts(home: Path) -> dict[str, str]:
    """Name a font configuration that knows only the Latin fonts that come with matplotlib."""
    package = importlib.util.find_spec("matplotlib")
    assert package is not None
    assert package.origin is not None
    latin = Path(package.origin).parent / "mpl-data" / "fonts" / "ttf"
    config = home / "fonts.conf"
    config.write_text(FONTS.format(fonts=latin, cache=home / "font-cache"), encoding="utf-8")
    return {"FONTCONFIG_FILE": str(config)}
