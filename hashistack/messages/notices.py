"""HS6xx: what the rendered files leave out, said at every render."""

from __future__ import annotations

from collections.abc import Sequence

from hashistack.diagnostics import Diagnostic


def local_state(environment: str) -> Diagnostic:
    """Say that only this machine will know what Terraform made."""
    return _notice(
        "HS606",
        f"environments.{environment}",
        "no `state`: only the folder `terraform` knows what Terraform made; name an S3 bucket to share it",
    )


def data_on_clients(environment: str, service: str) -> Diagnostic:
    """Say that machines of a cloud come and go, and the data of their disks with them."""
    return _notice(
        "HS607",
        f"environments.{environment}.backing_services.{service}",
        "its data is on the disks of clients and goes with each that is replaced; `managed` keeps it",
    )


def one_machine(environment: str, services: Sequence[str]) -> Diagnostic:
    """Say that one machine runs one node of what is a cluster elsewhere."""
    return _notice(
        "HS604",
        f"environments.{environment}",
        f"one machine, so one node each of {', '.join(services)}: nothing here survives the loss of a node",
    )


def objects_without_database(
    environment: str, service: str, nodes: int, databases: Sequence[str]
) -> Diagnostic:
    """Say what can be lost of an object storage whose nodes keep no common list of objects; `databases` could."""
    why = f"`database` names none of {', '.join(databases)}" if databases else "no postgres service"
    return _notice(
        "HS608",
        f"environments.{environment}.backing_services.{service}",
        f"{why}, so each of the {nodes} nodes keeps a list of objects of its own and tells the others a"
        " moment later: what was written just before a node is lost can be missing; `database` avoids it",
    )


def emqx_is_frozen(environment: str, service: str) -> Diagnostic:
    """Say what nobody has run, and that nothing new will come of it."""
    return _notice(
        "HS609",
        f"environments.{environment}.backing_services.{service}",
        "EMQX 5.8.9 is the last version under a free licence, and the tests of hashistack check its configuration but"
        " do not run it; `engine: rabbitmq` and `engine: nats` are run",
    )


def backup_needs_itself(environment: str, service: str, storage: str) -> Diagnostic:
    """Say that a backup lies where it can be found only with what it is a backup of."""
    return _notice(
        "HS610",
        f"environments.{environment}.backing_services.{service}.backup",
        f"{storage} keeps its list of objects in {service}: if that is lost, so are its backups; write them to an"
        " object storage of another database or of the cloud, or copy them elsewhere",
    )


def fewer_machines_at_first(environment: str, service: str, nodes: int, least: int) -> Diagnostic:
    """Say that a cloud begins with fewer machines than a service has nodes, each on one of its own."""
    machines = f"{least} machine{'' if least == 1 else 's'}"
    return _notice(
        "HS611",
        f"environments.{environment}.backing_services.{service}",
        f"{service} has {nodes} nodes and the group starts with {machines}: set clients.min to {nodes}",
    )


def not_beside_managed(environment: str, service: str, key: str) -> Diagnostic:
    """Say that a job which stands beside a stand-in is not made for a service of the cloud."""
    return _notice(
        "HS612",
        f"environments.{environment}.managed.{service}",
        f"`{key}` of {service} is left out: it is done beside a service that runs in the cluster, not one of the cloud",
    )


def no_autoscaling_yet(environment: str, process: str) -> Diagnostic:
    """Say that a process stays at its minimum."""
    return _notice(
        "HS605",
        f"environments.{environment}.processes.{process}.scale",
        "rendered with the fixed count of min: nothing scales it yet",
    )


def _notice(code: str, path: str, summary: str) -> Diagnostic:
    return Diagnostic(code=code, summary=summary, path=path, severity="warning")
