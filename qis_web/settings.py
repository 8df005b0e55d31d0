"""The settings of the web layer, and the plugin that announces them."""

from dataclasses import dataclass

from qis_core import hookimpl, section, setting


@section("web")
@dataclass(frozen=True, kw_only=True)
class WebSettings:
    """How the server speaks HTTP."""

    cors_origin: str = setting("*", help="Access-Control-Allow-Origin of images; empty: no CORS headers")
    proxy_servers: int = setting(0, minimum=0, maximum=10, help="Trusted proxies in front of the server")
    benchmarking: bool = setting(False, help="Honour cache=0 and recache=1 for everybody; never in production")


@hookimpl
def qis_settings() -> tuple[type[object], ...]:
    return (WebSettings,)
