"""The operator's folder in AWS: below /<prefix>/operator/, so that a colleague's machine has it without a copy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hashistack.backends.aws_store import Store
from hashistack.backends.credentials import CredentialsFolder
from hashistack.plan.sensitive import Sensitive

_FOLDER = "operator"
# Not what is known of hosts and jobs from this machine, and not what Terraform is handed, which follows from the rest.
_KEPT = ("*.pem", "hosts/*/*.pem", "credentials.json", "services.json")


@dataclass(frozen=True, slots=True)
class Mirror:
    """The folder and its parameters; what is in AWS counts. Without a `store` there is only the folder."""

    folder: CredentialsFolder
    store: Store | None

    def local(self) -> Mirror:
        """Return the folder alone: nothing goes to AWS."""
        return Mirror(self.folder, None)

    def fetch(self) -> None:
        """Make the folder what AWS has; what AWS does not have stays."""
        if self.store:
            # Keys first: a certificate whose key is of another time would be taken for broken.
            found = self.store.read_below(_FOLDER).items()
            for name, text in sorted(found, key=lambda each: (not each[0].endswith("-key.pem"), each[0])):
                self.folder.keep(name, text.reveal())

    def send(self) -> int:
        """Write what AWS does not have or has otherwise; return how many files that were."""
        if self.store is None:
            return 0
        return sum(self.store.put(f"{_FOLDER}/{name}", text) for name, text in self._files())

    def read(self, name: str) -> str | None:
        """Return the text of a file, None if there is none."""
        path = self.folder.path / name
        return path.read_text(encoding="utf-8") if path.exists() else None

    def write(self, name: str, text: str) -> None:
        """Write a file, in AWS first: what AWS has is what is believed the next time."""
        if self.store:
            self.store.put(f"{_FOLDER}/{name}", Sensitive(text))
        self.folder.keep(name, text)

    def _files(self) -> Iterator[tuple[str, Sensitive]]:
        root: Path = self.folder.path
        for path in sorted({path for pattern in _KEPT for path in root.glob(pattern)}):
            yield path.relative_to(root).as_posix(), Sensitive(path.read_text(encoding="utf-8"))
