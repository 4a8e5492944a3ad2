#!/usr/bin/env python3
"""Starts moto's server, which speaks the APIs of AWS, on a free port of this machine, and prints the port.

    moto_server.py [LOG]    ends when its standard input does, and so with whoever started it

Into the file LOG it writes the action of every call, one a line. `GET /everything` answers with what moto holds, by
service, account, region and its own names: what a call has done can be seen without the calls that would read it.
`POST /branch` answers with the port of another server that goes on from here, and whose changes are its own; it ends with
this one or by `POST /end`.

What moto gets wrong is put right (`correct`), and what AWS's models refuse is refused (`models.py`). Requests are answered
one at a time. Moto looks at If-Match and If-None-Match first and writes later; two requests at once would both find that the
condition holds. In S3 the two are one step.
"""

import datetime
import enum
import io
import json
import os
import signal
import stat
import sys
import threading
from pathlib import Path
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "target" / "tools" / "python"))

import models
from moto.backends import get_backend
from moto.core.base_backend import BaseBackend
from moto.core.responses import EmptyResult
from moto.dynamodb.models import DynamoDBBackend
from moto.elbv2 import models as elbv2
from moto.elbv2.models import ELBv2Backend
from moto.iam.responses import IamResponse
from moto.secretsmanager.models import SecretsManagerBackend
from moto.server import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

# What moto brings along, and what it holds a second time.
ITS_OWN = set(
    """account_summary amis aws_managed_policies callbacks credential_report database_snapshots dns_entries enis events
    instance_types log_file_manager managed_prefix_lists network_acls resource_map snapshots _messages_lock""".split()
)
# Where it holds the tags of its objects, also of those that are gone.
TAGS = {"tagger", "tagging_service", "tags"}
SERVICES = """
    applicationautoscaling cloudwatch dynamodb ec2 ecr ecs elbv2 iam logs rds s3 secretsmanager sns sqs
""".split()


def action(environ):
    """What a call does: the action that it names, or method, path and the first word of the query."""
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return target.split(".")[-1]
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        named = parse_qs(whole_body(environ).decode(errors="replace")).get("Action")
        if named:
            return named[0]
    query = (environ.get("QUERY_STRING") or "").split("=")[0]
    return f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}" + (f"?{query}" if query else "")


def as_json(value, above=()):
    """An object of moto's as JSON: its fields, without times, without what leads back to where it lies in."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, (datetime.date, BaseBackend)) or callable(value) or id(value) in above:
        return None
    above = (*above, id(value))
    if isinstance(value, (list, tuple, set, frozenset)):
        return [as_json(item, above) for item in value]
    fields = value if isinstance(value, dict) else getattr(value, "__dict__", {})
    return {str(name): as_json(item, above) for name, item in list(fields.items()) if name not in ITS_OWN}


def without_history(service, state):
    """Leaves out what was once and is no more: old versions of policies and secrets, all revisions but the newest."""
    for policy in state.get("managed_policies", {}).values():
        policy["versions"] = [one["document"] for one in policy["versions"] if one["is_default"]]
        del policy["default_version_id"], policy["next_version_num"]
    for kind in ["clusters", "services"] if service == "ecs" else []:
        state[kind] = {name: one for name, one in state[kind].items() if one["status"] != "INACTIVE"}
    if service == "ec2":
        endpoints = state["vpc_end_points"].items()
        state["vpc_end_points"] = {name: one for name, one in endpoints if one["state"] != "deleted"}
    secrets = state.get("secrets") or {}
    for name in [name for name, secret in secrets.items() if secret["deleted_date"]]:
        del secrets[name]
    for secret in secrets.values():
        current = [one for one in secret["versions"].values() if "AWSCURRENT" in one["version_stages"]]
        secret["versions"], secret["default_version_id"] = [{**one, "version_stages": []} for one in current], None
    families = state.get("task_definitions", {}) if service == "ecs" else {}
    running = json.dumps(state.get("services"))
    for name, revisions in list(families.items()):
        families[name] = list(revisions.values())[-1:]
        if f"task-definition/{name}:" not in running:
            del families[name]
    for tags in TAGS & state.keys():
        all_tags = state.pop(tags)
        text = json.dumps(state)
        of_owners = all_tags.get("tags", all_tags)
        state[tags] = {owner: of for owner, of in of_owners.items() if owner.rsplit(":", 1)[-1] in text}
    return state


def everything():
    """What moto holds of all accounts and regions that somebody has called; security groups have their names for ids."""
    state = {
        service: {
            f"{account}/{region}": without_history(service, as_json(dict(vars(backend))))
            for account, regions in list(get_backend(service).items())
            for region, backend in list(regions.items())
        }
        for service in SERVICES
    }
    text = json.dumps(state)
    for network in state["ec2"].values():
        for group in [group for groups in network["groups"].values() for group in groups.values()]:
            text = text.replace(group["id"], f"sg-{group['name']}")
    return text


def correct():
    """Mends what moto does otherwise than AWS, as far as tests of the provider meet it."""
    tag_resource, update_secret = DynamoDBBackend.tag_resource, SecretsManagerBackend.update_secret

    def tag_anew(self, arn, tags):
        """A tag that is there gets the new value; moto keeps both."""
        self.untag_resource(arn, list(tags))
        tag_resource(self, arn, tags)

    def update_with_nothing(self, secret_id, description=None, **settings):
        """A description may become empty; moto keeps the old one."""
        answer = update_secret(self, secret_id, description=description, **settings)
        if description == "":
            self.secrets[secret_id].description = ""
        return answer

    def change_clients(change):
        """Audiences of an identity provider can be added and taken away; moto has no such calls."""

        def call(self):
            provider = self.backend.get_open_id_connect_provider(self._get_param("OpenIDConnectProviderArn"))
            change(provider.client_id_list, self._get_param("ClientID"))
            return EmptyResult()

        return call

    DynamoDBBackend.tag_resource = tag_anew
    # Certificates of ACM, which is not served here, are there; those of IAM are looked for.
    exists = ELBv2Backend._certificate_exists
    elbv2.register_certificate = lambda *_, **__: None
    ELBv2Backend._certificate_exists = lambda self, certificate_arn: (
        ":acm:" in certificate_arn or exists(self, certificate_arn)
    )
    SecretsManagerBackend.update_secret = update_with_nothing
    IamResponse.add_client_id_to_open_id_connect_provider = change_clients(list.append)
    IamResponse.remove_client_id_from_open_id_connect_provider = change_clients(list.remove)


class OneAtATime:
    """A WSGI application whose answers are complete before the next begins."""

    def __init__(self, application, log):
        self.application = application
        self.log = log
        self.turn = threading.Lock()

    def __call__(self, environ, start_response):
        with self.turn:
            match environ["PATH_INFO"]:
                case "/everything":
                    return plain(start_response, everything())
                case "/branch":
                    return plain(start_response, str(branch(self.application)))
                case "/end":
                    os._exit(0)
            if self.log:
                print(action(environ), file=self.log, flush=True)
            body = whole_body(environ)
            refused = models.objection(environ, body) if environ["PATH_INFO"] == "/" else None
            if refused:
                return refuse(environ, start_response, refused)
            return [b"".join(self.application(environ, start_response))]


class Quiet(MotoRequestHandler):
    """Says nothing of requests that were answered."""

    def log_request(self, *_):
        pass


def whole_body(environ):
    """The body of a call, which can be read again."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def refuse(environ, start_response, text):
    """Answers as AWS does to a call that its model refuses."""
    start_response("400 Bad Request", [("Content-Type", "application/x-amz-json-1.1")])
    if environ.get("HTTP_X_AMZ_TARGET"):
        return [json.dumps({"__type": "ValidationException", "message": text}).encode()]
    error = f"<Error><Code>ValidationError</Code><Message>{escape(text)}</Message></Error>"
    return [f"<ErrorResponse>{error}</ErrorResponse>".encode()]


def plain(start_response, text):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [text.encode()]


def branch(application):
    """Starts a server that has all that this one has, as of now; its port. Nobody else's turn is it meanwhile."""
    port, says = os.pipe()
    if os.fork() == 0:
        # Else whoever calls this server would wait for the end of that one.
        for descriptor in map(int, os.listdir("/dev/fd")):
            try:
                is_socket = stat.S_ISSOCK(os.fstat(descriptor).st_mode)
            except OSError:
                continue
            if is_socket:
                os.close(descriptor)
        serve(OneAtATime(application, None), says)
        os._exit(0)
    os.close(says)
    with os.fdopen(port) as said:
        return int(said.readline())


def end_with_input():
    # Not by the reader of sys.stdin, whose lock a branch would inherit.
    while os.read(0, 1024):
        pass
    os._exit(0)


def serve(application, says):
    """Serves on a free port, which it writes into the file descriptor `says`."""
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
    threading.Thread(target=end_with_input, daemon=True).start()
    os.write(says, f"{server.server_port}\n".encode())
    server.serve_forever()


def main():
    correct()
    # Nobody waits for branches.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    log = open(sys.argv[1], "a") if len(sys.argv) > 1 else None
    serve(OneAtATime(DomainDispatcherApplication(create_backend_app), log), sys.stdout.fileno())


if __name__ == "__main__":
    main()
