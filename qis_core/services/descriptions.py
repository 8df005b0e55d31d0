"""What is in a file besides its pixels, and what it looks like: for ``@@info``, kept in the cache."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qis_core.contracts.cache import Cache
from qis_core.contracts.storage import Storage
from qis_core.domain.images import SourceFacts
from qis_core.domain.paths import RepositoryPath
from qis_core.services.pool import Pool
from qis_core.services.worker import DescribeJob


@dataclass(frozen=True, slots=True)
class Descriptions:
    """Describes originals. Safe to share between threads."""

    cache: Cache
    storage: Storage
    pool: Pool

    def get(self, facts: SourceFacts) -> Mapping[str, Any]:
        """Metadata, placeholders and profile as JSON types; raises `UnsupportedImage`, `Busy`."""
        key = f"info:{facts.image_id}:{facts.fingerprint.text}"
        known = self.cache.get(key)
        if known is not None:
            return dict(json.loads(known))
        with self.storage.local_file(RepositoryPath.parse(facts.src)) as file:
            job = DescribeJob(file, facts.image.codec, facts.image.orientation)
            described = self.pool.run(job).facts
        self.cache.set(key, json.dumps(described).encode(), tags=(f"image:{facts.image_id}",))
        return described
