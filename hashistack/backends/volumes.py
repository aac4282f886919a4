"""Nomad's dynamic host volumes and the machines they are on, through its documented HTTP API."""

from __future__ import annotations

from typing import Any

from hashistack.backends.api import Api
from hashistack.backends.endpoint import Endpoint
from hashistack.diagnostics import BackendError
from hashistack.plan.members import AWAY
from hashistack.plan.volumes import Node, Volume

_PLUGIN = "mkdir"  # Nomad's own: a folder below the agent's data
_MAKES = f"plugins.host_volume.{_PLUGIN}.version"
_MIB = 1024 * 1024
_SECONDS = 30.0  # the machine is asked while the answer is waited for


class Volumes:
    """The volumes of one cluster; every call raises `BackendError` when Nomad cannot be asked or refuses."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._api = Api(endpoint, _SECONDS)

    def nodes(self) -> tuple[Node, ...]:
        """Return the machines that run jobs, and those that did until lately."""
        return tuple(self._node(stub) for stub in self._api.listed("nodes"))

    def volumes(self) -> tuple[Volume, ...]:
        """Return every volume of the namespace."""
        found = self._api.listed("volumes", type="host")
        return tuple(Volume(each["ID"], each["Name"], each["NodeID"], each["State"]) for each in found)

    def create(self, name: str, node: str, storage: int) -> str:
        """Make a volume of `storage` MiB on the machine with the id `node`, and return the volume's id."""
        volume = {
            "Name": name,
            "Namespace": self._api.endpoint.namespace or "default",
            "PluginID": _PLUGIN,
            "NodeID": node,
            "RequestedCapacityMinBytes": storage * _MIB,
            "RequestedCapacityMaxBytes": storage * _MIB,
            "RequestedCapabilities": [
                {"AttachmentMode": "file-system", "AccessMode": "single-node-single-writer"}
            ],
        }
        answer = self._api.put("volume/host/create", {"Volume": volume})
        return str(answer["Volume"]["ID"])

    def state(self, volume: str) -> str:
        """Return "pending", "ready" or "unavailable"; "gone" if there is no such volume.

        Nomad calls a volume ready before its machine has told the scheduler of it, which then places nothing there.
        """
        found = self._api.get(f"volume/host/{volume}")
        if not found:
            return "gone"
        if found["State"] == "ready":
            node = self._api.get(f"node/{found['NodeID']}") or {}
            if found["Name"] not in (node.get("HostVolumes") or {}):
                return "pending"
        return str(found["State"])

    def delete(self, volume: str) -> None:
        """Delete a volume with what is in it; one that is not there is fine."""
        try:
            self._api.delete(f"volume/host/{volume}/delete")
        except BackendError as error:
            if "no such volume" not in str(error):
                raise

    def _node(self, stub: dict[str, Any]) -> Node:
        found = self._api.get(f"node/{stub['ID']}") or {}
        attributes, meta = found.get("Attributes") or {}, found.get("Meta") or {}
        eligible = stub["SchedulingEligibility"] == "eligible" and not stub["Drain"]
        takes = stub["Status"] == "ready" and eligible and _MAKES in attributes
        return Node(
            id=stub["ID"],
            name=stub["Name"],
            pool=found.get("NodePool") or "default",
            rack=meta.get("rack") or "",
            address=attributes.get("unique.network.ip-address") or "",
            takes=takes,
            free=self._free(stub["ID"]) if takes else None,
            away=stub["Status"] in AWAY,
            holds=_dynamic(found.get("HostVolumes") or {}),
        )

    def _free(self, node: str) -> int | None:
        """Return the free MiB of the disk that volumes are on; None where the machine does not say."""
        try:
            stats = self._api.get("client/stats", node_id=node) or {}
        except BackendError:
            return None  # it is on its way down; whether a volume can be made there shows when it is made
        disk = stats.get("AllocDirStats") or {}
        return int(disk["Available"]) // _MIB if disk.get("Available") else None


def _dynamic(volumes: dict[str, dict[str, Any]]) -> frozenset[str]:
    """Return the names of those volumes of a machine that were made by the cluster: they have an id."""
    return frozenset(name for name, volume in volumes.items() if volume.get("ID"))
