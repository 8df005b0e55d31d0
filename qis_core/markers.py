"""The pluggy markers: `hookimpl` for plugins, `hookspec` for our own hook file."""

import pluggy

PROJECT = "qis"
#: Raised when a hook's meaning changes; removal goes through one release of `DeprecationWarning`.
API_VERSION = 1

hookimpl = pluggy.HookimplMarker(PROJECT)
hookspec = pluggy.HookspecMarker(PROJECT)
