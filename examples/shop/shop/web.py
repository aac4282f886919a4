"""The web process: greets, takes orders, shows them."""

import os
import uuid

from flask import Response, jsonify, request, session

from shop import cache
from shop.common import identity, make_app
from shop.extras import routes

application = make_app(__name__)
application.secret_key = os.environ.get("SESSION_KEY")  # signs the cookie that counts a visitor's visits
application.register_blueprint(routes)
client = cache.connect()
PRODUCTS = {"bread": 250, "cheese": 780, "wine": 1250}  # prices in cents


@application.get("/")
def greet() -> Response:
    """Greet, and say which version answers from where."""
    if application.secret_key:
        session["visits"] = session.get("visits", 0) + 1
    greeting = os.environ.get("GREETING", "hello")
    return jsonify(greeting=greeting, visits=session.get("visits"), **identity())


@application.post("/orders")
def order() -> tuple[Response, int]:
    """Put an order (form or JSON: product, amount) into the queue and return its id."""
    asked = request.get_json(silent=True) or request.form
    product, amount = asked.get("product", "bread"), str(asked.get("amount", 1))
    if product not in PRODUCTS or not amount.isdigit():
        return jsonify(error=f"product is one of {', '.join(PRODUCTS)}, amount a number"), 400
    number = uuid.uuid4().hex[:12]
    entry = {"state": "queued", "product": product, "amount": amount, "price": PRODUCTS[product]}
    # One transaction: an order is either written, queued and counted, or not there at all.
    with client.pipeline() as steps:
        steps.hset(cache.order_key(number), mapping=entry)
        steps.lpush(cache.QUEUE, number)
        steps.incr(cache.ORDERS)
        steps.execute()
    return jsonify(id=number, state="queued"), 202


@application.get("/orders/<number>")
def show(number: str) -> tuple[Response, int]:
    """Show an order: queued, or done with what it costs and who worked it out."""
    found = client.hgetall(cache.order_key(number))
    return (jsonify(id=number, **found), 200) if found else (jsonify(error="no such order"), 404)


@application.get("/counter")
def counter() -> Response:
    """Count up; all instances count together."""
    return jsonify(counter=client.incr(cache.COUNTER), **identity())


@application.get("/api/products")
def products() -> Response:
    """List what there is, prices in cents."""
    return jsonify(products=PRODUCTS)


@application.get("/api/version")
def version() -> Response:
    """Say which version of the code and of the data is in use."""
    return jsonify(schema=client.get(cache.SCHEMA), **identity())
