#!/usr/bin/env python3
"""Starts moto's server, which speaks S3 and IAM, on a free port of this machine, and prints the port.

    moto_server.py          ends when its standard input does, and so with whoever started it

Requests are answered one at a time. Moto looks at If-Match and If-None-Match first and writes later; two requests at
once would both find that the condition holds. In S3 the two are one step.
"""

import os
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "target" / "tools" / "python"))

from moto.server import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server


class OneAtATime:
    """A WSGI application whose answers are complete before the next begins."""

    def __init__(self, application):
        self.application = application
        self.turn = threading.Lock()

    def __call__(self, environ, start_response):
        with self.turn:
            return [b"".join(self.application(environ, start_response))]


class Quiet(MotoRequestHandler):
    """Says nothing of requests that were answered."""

    def log_request(self, *_):
        pass


def end_with_input():
    sys.stdin.buffer.read()
    os._exit(0)


def main():
    application = OneAtATime(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
    threading.Thread(target=end_with_input, daemon=True).start()
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
