"""What the web and the admin process have in common: who answers, health, and a cache that is away."""

import os
import socket

from flask import Flask, Response, jsonify

from shop import cache


def identity() -> dict[str, str]:
    """Say which version answers, and from where."""
    return {
        "version": os.environ.get("APP_VERSION", "unknown"),
        "host": socket.gethostname(),
        "allocation": os.environ.get("NOMAD_ALLOC_ID", ""),
    }


def make_app(name: str) -> Flask:
    """Return a Flask application with /health, and 503 as its answer while the cache is away."""
    app = Flask(name)

    @app.get("/health")
    def health() -> tuple[Response, int]:
        # The cache is not asked: a process that can answer must not be restarted because the cache cannot.
        if os.environ.get("FAIL_HEALTH") == "1":
            return jsonify(error="FAIL_HEALTH is set", **identity()), 500
        return jsonify(status="ready", **identity()), 200

    def away(error: Exception) -> tuple[Response, int]:
        return jsonify(error=f"the cache is away: {error}", **identity()), 503

    app.register_error_handler(cache.AWAY, away)
    return app
