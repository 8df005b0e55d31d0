"""Sphinx: Markdown pages, the reference among them generated from the declarations by ``qis reference``."""

project = "QIS"
copyright = "the QIS authors"
extensions = ["myst_parser"]
myst_enable_extensions = ["deflist", "colon_fence"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "conf.py"]
html_theme = "furo"
html_title = "QIS"
html_static_path: list[str] = []
suppress_warnings = ["myst.header"]
