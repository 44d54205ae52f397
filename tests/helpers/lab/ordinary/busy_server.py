"""A web server and a client that keeps it busy: the current folder, asked for many times."""

import re
import subprocess
import sys
import urllib.request

REQUESTS = 300

command = [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "0"]
with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
    try:
        assert server.stdout is not None
        found = re.search(r"port (\d+)", server.stdout.readline())
        assert found is not None
        for _ in range(REQUESTS):
            with urllib.request.urlopen(f"http://127.0.0.1:{found[1]}/hello.c") as answer:
                assert b"ordinary" in answer.read()
    finally:
        server.terminate()
