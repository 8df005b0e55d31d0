"""Silence what users can do nothing about: Pyramid 2.1 still imports ``pkg_resources``, which says so each time."""

import warnings

warnings.filterwarnings("ignore", message=r"(pkg_resources is deprecated|Deprecated call to `pkg_resources)")
warnings.filterwarnings("ignore", message=r"'cgi' is deprecated", category=DeprecationWarning)
