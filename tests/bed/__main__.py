"""``python -m tests.bed``: the bed by hand, until Ctrl-C; prints what to put into another shell."""

from __future__ import annotations

import signal
import sys

from tests.bed import agents, engine, images, packages
from tests.bed.missing import BedError, BedUnavailable
from tests.bed.processes import say


def main() -> int:
    """Start the engine, make the images, start the agents, and wait."""
    try:
        packages.ensure()
        with engine.running() as docker:
            images.ensure(docker)
            images.ensure_shop(docker, "v1")
            with agents.running(docker) as bed:
                addresses = {
                    "DOCKER_HOST": docker.host,
                    "NOMAD_ADDR": bed.nomad_addr,
                    "CONSUL_HTTP_ADDR": bed.consul_addr,
                }
                sys.stdout.writelines(f"export {name}={value}\n" for name, value in addresses.items())
                sys.stdout.flush()
                say("up; Ctrl-C takes it down")
                signal.pause()
    except KeyboardInterrupt:
        return 0
    except (BedError, BedUnavailable) as error:
        say(str(error))
    return 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
