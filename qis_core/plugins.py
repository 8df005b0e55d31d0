"""The plugin registry: find, load, check and call plugins."""

import pluggy

API_VERSION = 1
hookimpl = pluggy.HookimplMarker("qis")
hookspec = pluggy.HookspecMarker("qis")
