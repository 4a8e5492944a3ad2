"""Refuses calls that AWS's own models of its services refuse, as botocore has them: moto takes them.

What is required, what there is, which words, patterns, lengths and numbers. S3, whose calls are paths, is not looked at.
"""

import json
import re
from functools import cache
from urllib.parse import parse_qsl

from moto.core.parse import EC2QueryParser, QueryParser
from moto.core.utils import get_service_model
from werkzeug.datastructures import MultiDict

# What botocore calls services that signatures call otherwise.
NAMES = {"monitoring": "cloudwatch", "elasticloadbalancing": "elbv2", "tagging": "resourcegroupstaggingapi"}


@cache
def operation(service, action):
    return get_service_model(NAMES.get(service, service)).operation_model(action)


@cache
def pattern(text):
    """A pattern of a model, which is one of another language's and may not be one here."""
    try:
        return re.compile(text)
    except re.error:
        return None


def objections(shape, value, path, *, is_form):
    """What the model of a shape has against a value."""
    match shape.type_name:
        case "structure":
            if not isinstance(value, dict):
                yield f"{path} is not a structure"
                return
            members = shape.members.items()
            names = {name if is_form else member.serialization.get("name", name): member for name, member in members}
            yield from (f"{path}.{name} is missing" for name in shape.required_members if name not in value)
            for name, inner in value.items():
                if name in names:
                    yield from objections(names[name], inner, f"{path}.{name}", is_form=is_form)
                else:
                    yield f"{path}.{name} is unknown"
        case "list":
            yield from of_size(shape, len(value), f"the length of {path}")
            for number, inner in enumerate(value):
                yield from objections(shape.member, inner, f"{path}[{number}]", is_form=is_form)
        case "map":
            yield from of_size(shape, len(value), f"the size of {path}")
            for key, inner in value.items():
                yield from objections(shape.key, key, f"{path} key", is_form=is_form)
                yield from objections(shape.value, inner, f"{path}.{key}", is_form=is_form)
        case "string":
            if not isinstance(value, str):
                yield f"{path} is not a string"
                return
            yield from of_size(shape, len(value), f"the length of {path}")
            if shape.enum and value not in shape.enum:
                yield f"{path} is {value!r} and not one of {', '.join(shape.enum)}"
            rule = pattern(shape.metadata["pattern"]) if "pattern" in shape.metadata else None
            if rule and not rule.search(value):
                yield f"{path} does not match {rule.pattern}"
        case "integer" | "long":
            if isinstance(value, bool) or not isinstance(value, int):
                yield f"{path} is not a whole number"
            else:
                yield from of_size(shape, value, path)
        case "boolean":
            if not isinstance(value, bool):
                yield f"{path} is not a boolean"


def of_size(shape, size, what):
    limits = shape.metadata
    if size < limits.get("min", size):
        yield f"{what} is {size}, and {limits['min']} at least is allowed"
    if size > limits.get("max", size):
        yield f"{what} is {size}, and {limits['max']} at most is allowed"


def objection(environ, body):
    """What the model of a call has against it; nothing where there is none."""
    scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].split("/")
    service = scope[3] if len(scope) > 3 else ""
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        model = operation(service, target.split(".")[-1])
        if model.input_shape is None:
            return None
        found = list(objections(model.input_shape, json.loads(body or "{}"), model.name, is_form=False))
        return "; ".join(found) or None
    if not environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded") or service in ("", "s3", "sts"):
        return None
    fields = parse_qsl(body.decode(), keep_blank_values=True)
    model = operation(service, dict(fields)["Action"])
    if model.input_shape is None:
        return None
    parser = (EC2QueryParser if service == "ec2" else QueryParser)(model)
    value = parser.parse({"values": MultiDict(fields)})
    found = list(objections(model.input_shape, value, model.name, is_form=True))
    names = {parser._get_serialized_name(member, name) for name, member in model.input_shape.members.items()}
    given = {name.split(".")[0] for name, _ in fields} - {"Action", "Version"}
    found += [f"{model.name}.{name} is unknown" for name in sorted(given - names)]
    return "; ".join(found) or None
