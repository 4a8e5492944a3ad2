#!/usr/bin/env python3
"""Starts moto's server, which speaks the APIs of AWS, on a free port of this machine, and prints the port.

    moto_server.py [LOG]    ends when its standard input does, and so with whoever started it

Into the file LOG it writes the action of every call, one a line.

Requests are answered one at a time. Moto looks at If-Match and If-None-Match first and writes later; two requests at
once would both find that the condition holds. In S3 the two are one step.
"""

import io
import os
import sys
import threading
from pathlib import Path
from urllib.parse import parse_qs

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "target" / "tools" / "python"))

from moto.server import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server


def action(environ):
    """What a call does: the action that it names, or method, path and the first word of the query."""
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return target.split(".")[-1]
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        named = parse_qs(body.decode(errors="replace")).get("Action")
        if named:
            return named[0]
    query = (environ.get("QUERY_STRING") or "").split("=")[0]
    return f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}" + (f"?{query}" if query else "")


class OneAtATime:
    """A WSGI application whose answers are complete before the next begins."""

    def __init__(self, application, log):
        self.application = application
        self.log = log
        self.turn = threading.Lock()

    def __call__(self, environ, start_response):
        with self.turn:
            if self.log:
                print(action(environ), file=self.log, flush=True)
            return [b"".join(self.application(environ, start_response))]


class Quiet(MotoRequestHandler):
    """Says nothing of requests that were answered."""

    def log_request(self, *_):
        pass


def end_with_input():
    sys.stdin.buffer.read()
    os._exit(0)


def main():
    log = open(sys.argv[1], "a") if len(sys.argv) > 1 else None
    application = OneAtATime(DomainDispatcherApplication(create_backend_app), log)
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
    threading.Thread(target=end_with_input, daemon=True).start()
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
