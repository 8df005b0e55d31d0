"""The QIS server: a Pyramid application over `qis_core`, put together in `qis_web.app`.

Little is imported here: worker processes load the settings plugin of this package, and need no web framework.
"""

from qis_web import quiet  # noqa: F401  before anything imports Pyramid
