"""Give what stand-ins need its effect: volumes, certificates, logins, and the way back."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass
from datetime import datetime

from hashistack.credentials import authority as certificates
from hashistack.credentials import service
from hashistack.credentials.values import Identity
from hashistack.diagnostics import BackendError
from hashistack.messages import stand_in_steps as messages
from hashistack.plan import names
from hashistack.plan.interfaces import Clock, Disks, Jobs, Journal, Services
from hashistack.plan.progress import Made, Progress, Removed, Stored
from hashistack.plan.secret_store import store
from hashistack.plan.sensitive import Sensitive
from hashistack.plan.steps import CreateVolumes, IssueCertificate, RemoveVolumes, Spot

_READY_PATIENCE = 60.0  # seconds for a machine to make a folder and to tell the servers of it
_REMOVAL_PATIENCE = 60.0  # seconds until Nomad has noticed that the instances of a removed job have ended
_TICK = 0.5
# Letters and digits need no quoting anywhere and never look like an option of a command: 190 bits of them.
_ALPHABET = string.ascii_letters + string.digits
_LENGTH = 32
_CLUSTER_ID_BYTES = 16


def generated(item: str) -> Sensitive:
    """Make the value of an item of a login."""
    if item == "cluster_id":  # Kafka takes nothing but a UUID in this form (org.apache.kafka.common.Uuid)
        return Sensitive(secrets.token_urlsafe(_CLUSTER_ID_BYTES))
    return Sensitive("".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH)))


@dataclass(frozen=True, slots=True)
class Preparer:
    """Prepares one cluster for stand-ins, or takes away what was prepared."""

    jobs: Jobs
    services: Services
    disks: Disks
    journal: Journal
    progress: Progress
    clock: Clock

    def create(self, step: CreateVolumes) -> None:
        """Make the volumes, and return when all can be used."""
        self.journal.volume_made(step.name)
        made = {self.disks.create(step.name, place.id, step.storage): place for place in step.places}
        end = self.clock.now() + _READY_PATIENCE
        for volume, place in made.items():
            self._await_ready(volume, place, step.name, end)
        self.progress.report(Made("volume", step.name, tuple(place.name for place in step.places)))

    def issue(self, step: IssueCertificate) -> None:
        """Make a certificate; the members are told of it at once, the app only where the authority is a new one."""
        now = datetime.fromisoformat(self.clock.today())
        trust = self._authority(step.job, now)
        mine = certificates.issue(trust, service.leaf(step.job, step.addresses), now)
        items = {"certificate": Sensitive(mine.certificate), "key": mine.key}
        if step.edition:
            items[service.EDITION] = Sensitive(str(step.edition))
        self._store(names.node_variable(step.job), items)
        path, ca = names.variable_of(step.job), Sensitive(trust.certificate)
        found = self.jobs.variable(path)
        if found is None or found.items.get("ca") != ca:
            self._store(path, {"ca": ca})

    def remove(self, step: RemoveVolumes) -> None:
        """Delete the volumes and the keys; raise where instances still use one."""
        for volume in [each for each in self.disks.volumes() if each.name == step.name]:
            self._delete(volume.id)
        self.services.forget(names.keys_below(step.name))
        self.progress.report(Removed("volumes", step.name))

    def _authority(self, job: str, now: datetime) -> Identity:
        path = names.authority_variable(job)
        found = self.jobs.variable(path)
        if found is None or not {"certificate", "key"} <= found.items.keys():
            made = certificates.new_authority(service.authority_subject(job), now)
            self._store(path, {"certificate": Sensitive(made.certificate), "key": made.key})
            return made
        known = Identity(found.items["certificate"].reveal(), found.items["key"])
        end = certificates.expires(known)
        if end - now < service.RENEW_BEFORE:
            raise BackendError(messages.authority_ends(job, end, path))
        return known

    def _store(self, path: str, items: dict[str, Sensitive]) -> None:
        store(self.jobs, self.journal, path, items)
        self.progress.report(Stored(path, tuple(sorted(items)), generated=True))

    def _await_ready(self, volume: str, place: Spot, name: str, end: float) -> None:
        while (state := self.disks.state(volume)) != "ready":
            if self.clock.now() > end:
                raise BackendError(messages.volume_not_ready(name, place.name, state))
            self.clock.wait(_TICK)

    def _delete(self, volume: str) -> None:
        """Delete a volume; Nomad refuses while it believes that an instance uses it."""
        end = self.clock.now() + _REMOVAL_PATIENCE
        while True:
            try:
                return self.disks.delete(volume)
            except BackendError:
                if self.clock.now() > end:
                    raise
            self.clock.wait(_TICK)
