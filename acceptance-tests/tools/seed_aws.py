#!/usr/bin/env python3
"""Makes what a list of calls makes, in an AWS on this machine, and prints the answers that have a name.

    seed_aws.py URL REGION CALLS

CALLS has a call in each line: {"service", "action", "with": parameters, "as": a name for its answer, "times": how often}.
In a parameter, ${NAME:PATH} stands for the value at PATH in the answer NAME, and ${NAME:PATH:MARK} for what follows MARK in
it. The answers are printed as one JSON object.
"""

import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "target" / "tools" / "python"))

import boto3
from botocore import xform_name
from botocore.config import Config

PLACE = re.compile(r"\$\{([a-z_0-9]+):([^:}]+)(?::([^}]+))?\}")


def at(answer, path):
    for step in path.split("."):
        answer = answer[int(step)] if isinstance(answer, list) else answer[step]
    return answer


def filled(value, answers):
    """The parameters with the values that answers gave."""
    if isinstance(value, dict):
        return {name: filled(one, answers) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, answers) for one in value]
    if not isinstance(value, str):
        return value

    def found(match):
        name, path, mark = match.groups()
        text = at(answers[name], path)
        return text.split(mark, 1)[1] if mark else text

    return PLACE.sub(found, value)


def main(url, region, calls):
    clients, answers = {}, {}
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    for line in Path(calls).read_text().splitlines():
        call = json.loads(line)
        service = call["service"]
        if service not in clients:
            clients[service] = boto3.client(
                service, endpoint_url=url, region_name=region, config=config,
                aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="wJalrXUtnFEMI",
            )
        run = getattr(clients[service], xform_name(call["action"]))
        for _ in range(call.get("times", 1)):
            answer = run(**filled(call["with"], answers))
        if "as" in call:
            answers[call["as"]] = answer
    print(json.dumps(answers, default=str))


if __name__ == "__main__":
    main(*sys.argv[1:])
