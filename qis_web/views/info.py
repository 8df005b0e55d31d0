"""``@@info``: an image as JSON; with parameters also the plan that they make."""

import json
from datetime import UTC, datetime
from typing import Any

from pyramid.config import Configurator
from pyramid.response import Response

from qis_core.domain.images import SourceFacts
from qis_core.imaging.plan import ImagePlan
from qis_core.services.deliver import Handling, Validators
from qis_web.http import is_current, set_caching, set_validators
from qis_web.resources.repository import Node
from qis_web.routes import TREE_ROUTE
from qis_web.views.images import add_views, check_signature, image_call

_REVISION = 1


def info_view(context: Node, request: Any) -> Response:
    """Facts, metadata, colours, and the plan of the query's parameters."""
    check_signature(request)
    call = image_call(request, request.qis.registry.url_schemes["path"])
    prepared = request.qis.delivery.prepare(call)
    response = Response(content_type="application/json", charset="utf-8")
    validators = Validators(f"{prepared.validators.etag}-i{_REVISION}", prepared.validators.modified_ns)
    set_validators(response, validators)
    set_caching(response, Handling(expires_seconds=-1), is_public=prepared.is_public)
    if is_current(request, validators):
        response.status_int = 304
        return response
    facts = prepared.plan.source
    content = {
        **facts_as_json(facts, request.qis.registry.codecs[facts.image.codec].extensions[0]),
        **request.qis.descriptions.get(facts),
        "plan": plan_as_json(prepared.plan),
    }
    response.text = json.dumps(content, ensure_ascii=False)
    return response


def facts_as_json(facts: SourceFacts, format_name: str) -> dict[str, Any]:
    """An image's facts; sizes in pixels, after orientation."""
    return {
        "src": facts.src,
        "size": list(facts.size),
        "format": format_name,
        "mode": facts.image.mode,
        "pages": facts.image.pages,
        "is_animated": facts.image.is_animated,
        "has_alpha": facts.image.has_alpha,
        "orientation": facts.image.orientation,
        "size_bytes": facts.size_bytes,
        "modified": datetime.fromtimestamp(facts.modified_ns / 1e9, UTC).isoformat(),
    }


def plan_as_json(plan: ImagePlan) -> dict[str, Any]:
    """A plan as the answer to "what would I get?"."""
    return {
        "size": list(plan.size),
        "format": plan.encode.name,
        "media_type": plan.encode.media_type,
        "frames": plan.frames,
        "is_passthrough": plan.is_passthrough,
        "key": plan.key,
    }


def includeme(config: Configurator) -> None:
    add_views(config, TREE_ROUTE, info_view, name="info", context=Node)
