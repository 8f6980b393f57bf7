"""A headless Chromium, driven by its DevTools protocol over a pipe: real keys, a real pointer, what the console says.

The protocol is spoken over two pipes (``--remote-debugging-pipe``): JSON messages that end with a zero byte. No driver
and no library for web sockets is needed.
"""

import base64
import json
import os
import shutil
import subprocess
import tempfile
from itertools import count

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
FLAGS += ["--no-first-run", "--remote-debugging-pipe"]
KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}


def find():
    """Path of a Chromium; None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One browser with one page; `problems` holds what its console and its network complain of."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        commands, self.writer = os.pipe()
        reader, answers = os.pipe()
        own = f"--user-data-dir={self.folder.name}"
        # The browser expects the pipes as its files 3 and 4; other shells than bash know no file beyond 9.
        self.process = subprocess.Popen(
            ["bash", "-c", 'exec "$@" 3<&"$IN" 4>&"$OUT"', "bash", find(), *FLAGS, own, "about:blank"],
            pass_fds=(commands, answers),
            env={**os.environ, "IN": str(commands), "OUT": str(answers)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)
        self.reader = os.fdopen(reader, "rb")
        self.numbers, self.rest, self.session, self.events = count(1), b"", None, []
        self.problems, self.requests = [], []
        target = next(one for one in self.ask("Target.getTargets")["targetInfos"] if one["type"] == "page")
        self.session = self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def message(self):
        """Next message of the browser."""
        while b"\0" not in self.rest:
            part = self.reader.read1(1 << 20)
            if not part:
                raise RuntimeError("the browser has ended")
            self.rest += part
        text, _, self.rest = self.rest.partition(b"\0")
        found = json.loads(text)
        self.note(found.get("method", ""), found.get("params", {}))
        return found

    def note(self, event, what):
        """Keep what went wrong, and every address that was asked for."""
        if event == "Runtime.exceptionThrown":
            self.problems.append(what["exceptionDetails"].get("exception", what["exceptionDetails"]).get("description"))
        elif event == "Runtime.consoleAPICalled" and what["type"] in ("error", "warning"):
            self.problems.append(str(what["args"]))
        elif event == "Log.entryAdded":
            self.problems.append(what["entry"]["text"])
        elif event == "Network.requestWillBeSent" and not what["request"]["url"].startswith("data:"):
            self.requests.append(what["request"]["url"])

    def ask(self, method, **params):
        """Send a command and wait for its answer."""
        number = next(self.numbers)
        command = {"id": number, "method": method, "params": params}
        if self.session:
            command["sessionId"] = self.session
        os.write(self.writer, json.dumps(command).encode() + b"\0")
        while (found := self.message()).get("id") != number:
            if found.get("method"):
                self.events.append(found["method"])
        if "error" in found:
            raise RuntimeError(f"{method}: {found['error']['message']}")
        return found["result"]

    def open(self, address, width=1200, height=900, dark=False):
        """Open a page in a window of that size and wait until it has loaded."""
        self.size(width, height)
        self.scheme("dark" if dark else "light")
        self.problems.clear()
        self.requests.clear()
        self.events.clear()
        self.ask("Page.navigate", url=address)
        while "Page.loadEventFired" not in self.events:
            self.events.append(self.message().get("method"))

    def size(self, width, height):
        """Size of the window in CSS pixels."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def scheme(self, name):
        """What the system is said to prefer: light or dark."""
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def run(self, script):
        """Value of a JavaScript expression."""
        found = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise RuntimeError(found["exceptionDetails"]["exception"].get("description"))
        return found["result"].get("value")

    def press(self, key, times=1):
        """Press a key."""
        for _ in range(times):
            for kind in ("keyDown", "keyUp"):
                self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=KEYS[key])

    def point(self, x, y):
        """Move the pointer to a place in the window."""
        self.ask("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def shot(self, path, whole=False):
        """Picture of the window, or of the whole page."""
        found = self.ask("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(found["data"]))

    def close(self):
        """End the browser."""
        self.process.terminate()
        self.process.wait(timeout=30)
        os.close(self.writer)
        self.reader.close()
        self.folder.cleanup()
