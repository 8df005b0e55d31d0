"""How the server comes to an answer: for ``qis plan`` and ``explain=1``."""

import time
from typing import Any

from qis_core.application import Application
from qis_core.domain.access import AccessLevel
from qis_core.imaging.plan import plain
from qis_core.services.deliver import ImageCall


def explain(application: Application, call: ImageCall) -> dict[str, Any]:
    """Template merge, rights, plan, key, cache decision and timings of a request, as JSON types.

    Raises what the request would raise.
    """
    started = time.perf_counter()
    prepared = application.delivery.prepare(call)
    planned = time.perf_counter()
    cached = application.cache.get(prepared.key) is not None
    plan = prepared.plan
    template = application.templates.get(call.request.template)
    trace = application.rights.trace(call.identity, prepared.path.parent)
    return {
        "src": prepared.path.src,
        "template": {"name": template.name, "values": plain(template.values)},
        "given": plain(call.request.values),
        "rights": {
            "folder": trace.folder.folder_path,
            "level": AccessLevel(trace.level).name,
            "rules": [
                {"group": rule.group_id, "level": rule.level.name, "from": rule.folder and rule.folder.folder_path}
                for rule in trace.rules
            ],
        },
        "source": {"size": list(plan.source.size), "fingerprint": plan.source.fingerprint.text},
        "decode": plain(plan.decode),
        "steps": [{"operation": s.operation, "value": plain(s.value), "size": list(s.size)} for s in plan.steps],
        "encode": plain(plan.encode),
        "size": list(plan.size),
        "frames": plan.frames,
        "is_passthrough": plan.is_passthrough,
        "cost_megapixels": round(plan.cost, 3),
        "key": prepared.key,
        "is_cached": cached,
        "is_public": prepared.is_public,
        "planning_ms": round((planned - started) * 1000, 3),
    }
