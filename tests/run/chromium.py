"""A page opened in Debian's headless Chromium, through its debugging pipe: what it shows, what it
says on its console, what it asks the network for. Used by html_report.t."""
import base64
import json
import os
import pathlib
import subprocess
import tempfile


class Chromium:
    def __init__(self):
        self.profile = tempfile.TemporaryDirectory(dir=os.getcwd())
        to_read, self.to = os.pipe()
        self.back, back_write = os.pipe()

        def descriptors():
            os.dup2(to_read, 63)
            os.dup2(back_write, 62)
            os.dup2(63, 3)
            os.dup2(62, 4)

        self.process = subprocess.Popen(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-dev-shm-usage", "--disable-background-networking", "--disable-extensions",
             "--user-data-dir=" + self.profile.name, "--remote-debugging-pipe", "about:blank"],
            preexec_fn=descriptors, close_fds=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(back_write)
        self.rest, self.last, self.session, self.events = b"", 0, None, []

    def message(self):
        while b"\0" not in self.rest:
            part = os.read(self.back, 1 << 20)
            if not part:
                raise SystemExit("chromium is gone")
            self.rest += part
        one, self.rest = self.rest.split(b"\0", 1)
        return json.loads(one)

    def call(self, method, **params):
        self.last += 1
        asked = {"id": self.last, "method": method, "params": params}
        if self.session:
            asked["sessionId"] = self.session
        text = json.dumps(asked).encode() + b"\0"
        while text:
            text = text[os.write(self.to, text):]
        while True:
            m = self.message()
            if m.get("id") == self.last:
                if "error" in m:
                    raise SystemExit(f"{method}: {m['error']}")
                return m["result"]
            self.events.append(m)

    def open(self, path):
        """A tab of its own with that file; its events are in self.events, from before its first."""
        self.session, self.events = None, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in "Page", "Runtime", "Log", "Network":
            self.call(domain + ".enable")
        self.events = []
        self.call("Page.navigate", url=pathlib.Path(path).resolve().as_uri())
        while not any(e.get("method") == "Page.loadEventFired" for e in self.events):
            self.events.append(self.message())
        # A page that was drawn twice has said what it had to say.
        self.js("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")

    def js(self, expression):
        got = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                        awaitPromise=True)
        if "exceptionDetails" in got:
            raise SystemExit(f"{expression}: {got['exceptionDetails']}")
        return got["result"].get("value")

    def complaints(self):
        """What stands on the console in red or yellow."""
        found = []
        for e in self.events:
            method, p = e.get("method"), e.get("params", {})
            if method == "Runtime.exceptionThrown":
                found.append("exception: " + p["exceptionDetails"]["text"])
            elif method == "Runtime.consoleAPICalled" and p["type"] in ("error", "warning", "assert"):
                found.append(p["type"] + ": " + json.dumps(p["args"]))
            elif method == "Log.entryAdded" and p["entry"]["level"] in ("error", "warning"):
                found.append(p["entry"]["level"] + ": " + p["entry"]["text"])
        return found

    def requests(self):
        return [e["params"]["request"]["url"] for e in self.events
                if e.get("method") == "Network.requestWillBeSent"]

    def media(self, media="", **features):
        self.call("Emulation.setEmulatedMedia", media=media,
                  features=[{"name": k.replace("_", "-"), "value": v} for k, v in features.items()])

    def width(self, pixels):
        self.call("Emulation.setDeviceMetricsOverride", width=pixels, height=900,
                  deviceScaleFactor=1, mobile=False)

    def screenshot(self, to):
        got = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        pathlib.Path(to).write_bytes(base64.b64decode(got["data"]))

    def pdf(self, to):
        got = self.call("Page.printToPDF", preferCSSPageSize=True)
        pathlib.Path(to).write_bytes(base64.b64decode(got["data"]))

    def close(self):
        self.session = None
        try:
            self.call("Browser.close")
        except (SystemExit, OSError):
            pass
        self.process.wait()
        self.profile.cleanup()
