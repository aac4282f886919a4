"""A program in Nomad's place: it notes its starts, and answers what a start waits for once no file `hold` is there."""

from __future__ import annotations

import json
import re
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

NOMAD, CONFIG = Path(sys.argv[0]).parent, Path(sys.argv[-1]).read_text()
PORT = int(re.findall(r"http = (\d+)", CONFIG)[0])
CLIENT = "enabled = true" in CONFIG.partition("client {")[2].partition("}")[0]
HEALTHY = {"Status": "ready", "Drivers": {"docker": {"Detected": True, "Healthy": True}}}


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        known = {
            "/v1/status/leader": "127.0.0.1:4647",
            "/v1/operator/keyring/keys": [] if (NOMAD / "hold").exists() else [{}],
            "/v1/nodes": [HEALTHY] if CLIENT else [],
        }
        body = json.dumps(known[self.path.partition("?")[0]]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


with (NOMAD / "starts").open("a") as starts:
    starts.write("client\n" if CLIENT else "server only\n")
(Path(sys.argv[-1]).parent / "data" / "server").mkdir(parents=True, exist_ok=True)
while (NOMAD / "deaf").exists():
    time.sleep(0.02)
HTTPServer(("127.0.0.1", PORT), Answers).serve_forever()
