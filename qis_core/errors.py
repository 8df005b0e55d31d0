"""Every error QIS raises on purpose.

::

    QisError
    ├── RequestError             the caller can do something about it
    │   ├── InvalidRequest       a value that cannot be right             (HTTP 400)
    │   ├── NotAuthenticated     wrong or missing credentials             (HTTP 401)
    │   ├── AccessDenied         not allowed, whether it exists or not    (HTTP 403)
    │   ├── NotFound             no such image, folder, page, account     (HTTP 404)
    │   ├── Conflict             the present state forbids it             (HTTP 409)
    │   ├── TooLarge             over a size limit                        (HTTP 413)
    │   └── UnsupportedImage     not an image we can read or make         (HTTP 415)
    │       └── OversizedImage   too many pixels or bytes; also TooLarge  (HTTP 415)
    ├── Unavailable              try again later                          (HTTP 503)
    │   └── Busy                 too much work at this moment             (HTTP 503)
    ├── BackendError             a back end failed; its error is ``__cause__``
    └── StartupError             stops the start
        ├── SettingsError        one or more settings are wrong
        └── PluginError          a plugin is missing, broken or in conflict

The numbers belong to the web layer; core raises classes. Messages are shown to callers: they name the parameter, the
value and what would be right, and never hold a path of the machine.
"""

from collections.abc import Sequence


class QisError(Exception):
    """Base of all; ``str(error)`` is one sentence for the caller."""


class RequestError(QisError):
    """The caller asked for something that cannot be done as asked."""


class InvalidRequest(RequestError):
    """A parameter has a value that cannot be right.

    ``parameter`` is the name as the caller wrote it; the message starts with it.
    """

    def __init__(self, message: str, *, parameter: str | None = None) -> None:
        self.parameter = parameter
        super().__init__(f"{parameter}: {message}" if parameter else message)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_invalid, (str(self), self.parameter)


def _rebuild_invalid(message: str, parameter: str | None) -> InvalidRequest:
    error = InvalidRequest(message)
    error.parameter = parameter
    return error


class NotAuthenticated(RequestError):
    """Credentials were given and are wrong, or are needed and were not given."""


class AccessDenied(RequestError):
    """The caller has not got the right; the text never tells whether the thing exists."""


class NotFound(RequestError):
    """The thing named does not exist, or not any more."""


class Conflict(RequestError):
    """The present state of the thing forbids the change."""


class TooLarge(RequestError):
    """A size is over its limit."""


class UnsupportedImage(RequestError):
    """The file is not an image we can decode, or the result cannot be encoded."""


class OversizedImage(UnsupportedImage, TooLarge):
    """The file has more pixels or bytes than this server reads: a decompression bomb, or simply too large."""


class Unavailable(QisError):
    """The server cannot answer now; ``retry_after_seconds`` is when to ask again."""

    def __init__(self, message: str = "temporarily unavailable", *, retry_after_seconds: int = 5) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(message)


class Busy(Unavailable):
    """All workers are taken and the queue is full, or a wait ran out."""


class BackendError(QisError):
    """A storage, cache, database or directory failed; the client's own exception is ``__cause__``."""


class StartupError(QisError):
    """The server must not start like this."""


class SettingsError(StartupError):
    """One or more settings are wrong; ``faults`` holds one sentence each."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


class PluginError(StartupError):
    """A plugin is missing, cannot be imported, has the wrong version, or clashes with another."""
