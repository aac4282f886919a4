"""What the web process can do where it has been given more than a cache."""

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from shop import cache, services
from shop.common import identity

routes = Blueprint("extras", __name__)
Answer = tuple[Response | str, int]


def needs(name: str) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Hand a route the module of a service; answer 404 where the shop has none."""

    def around(route: Callable[..., Answer]) -> Callable[..., Answer]:
        @wraps(route)
        def answer(**values: Any) -> Answer:
            if not services.has(name):
                return jsonify(error=f"this shop runs without {name}"), 404
            return route(services.use(name), **values)

        return answer

    return around


@routes.errorhandler(Exception)
def away(error: Exception) -> Answer | HTTPException:
    """Say that a service is away: the process goes on."""
    if isinstance(error, HTTPException):
        return error
    return jsonify(error=f"{type(error).__name__}: {error}", **identity()), 503


@routes.get("/services")
def every_service() -> Answer:
    """Use every service, and say `ok` or what went wrong of each."""
    answers = services.check()
    return jsonify(answers), 200 if set(answers.values()) <= {"ok"} else 503


@routes.get("/api/totals")
@needs("db")
def totals(ledger: ModuleType) -> Answer:
    """Say how many orders are in the ledger and what they cost together."""
    return jsonify(ledger.totals()), 200


@routes.get("/api/events")
@needs("events")
def told(_: ModuleType) -> Answer:
    """Say of how many orders the worker has read in Kafka."""
    return jsonify(orders=cache.connect().scard(cache.TOLD)), 200


@routes.get("/orders/<number>/receipt")
@needs("uploads")
def receipt(receipts: ModuleType, number: str) -> Answer:
    """Return the receipt of an order."""
    text = receipts.find(number)
    return (text, 200) if text else (jsonify(error="no receipt"), 404)


@routes.route("/api/products/<product>/notes", methods=["GET", "POST"])
@needs("docs")
def notes(found: ModuleType, product: str) -> Answer:
    """Return what was said about a product; POST (form: text, stars) says more."""
    if request.method == "POST":
        found.add(product, request.form.get("text", ""), int(request.form.get("stars", 5)))
    return jsonify(notes=found.about(product)), 200


@routes.route("/devices/<device>", methods=["GET", "POST"])
@needs("devices")
def device(devices: ModuleType, device: str) -> Answer:
    """Return what a device is to show; POST (form: text) changes it."""
    if request.method == "POST":
        devices.show(device, request.form.get("text", ""))
    return jsonify(device=device, shows=devices.shown(device)), 200
