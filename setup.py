"""QIS: a plugin-based imaging framework and image server."""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent

REQUIRES = [
    "alembic>=1.13",
    "argon2-cffi>=23.1",
    "blurhash>=1.1.5",
    "Chameleon>=4.5",
    "click>=8.1",
    "defusedxml>=0.7",
    "numpy>=1.26",
    "Pillow>=12.3",
    "platformdirs>=4.2",
    "pluggy>=1.5",
    "pyramid>=2.0",
    "pyramid_chameleon>=0.3",
    "setuptools>=70.1,<82",  # pkg_resources: Pyramid 2.1 and pyramid_chameleon 0.3 import it at run time
    "SQLAlchemy>=2.0.30",
    "thash>=1.2",
    "urllib3>=2.2",
    "waitress>=3.0",
    "weblate-fonts>=2026.1",
]

EXTRAS = {
    "memcached": [
        "pymemcache>=4.0",
    ],
    "postgres": [
        "psycopg2-binary>=2.9",
    ],
    "redis": [
        "redis>=5.0",
    ],
    "test": [
        "hypothesis>=6.100",
        "psycopg2-binary>=2.9",
        "pymemcache>=4.0",
        "pytest>=8.2",
        "pytest-cov>=5.0",
        "pytest-randomly>=3.15",
        "pytest-timeout>=2.3",
        "pytest-xdist>=3.6",
        "redis>=5.0",
        "selenium>=4.20",
    ],
    "check": [
        "import-linter>=2.0",
        "mypy>=1.11",
        "ruff>=0.6",
        "types-psycopg2>=2.9",
    ],
    "docs": [
        "furo>=2024.5",
        "myst-parser>=3.0",
        "Sphinx>=7.3",
    ],
}
EXTRAS["dev"] = [*EXTRAS["test"], *EXTRAS["check"], *EXTRAS["docs"]]

PLUGINS = [
    "operations = qis_plugins.operations",
    "pillow = qis_plugins.pillow_codecs",
    "filesystem = qis_plugins.filesystem",
    "memory = qis_plugins.memory",
    "disk = qis_plugins.disk",
    "memcached = qis_plugins.memcached",
    "redis = qis_plugins.redis",
    "sqlite = qis_plugins.sqlite",
    "postgres = qis_plugins.postgres",
    "passwords = qis_plugins.passwords",
    "query_scheme = qis_plugins.query_scheme",
    "path_scheme = qis_plugins.path_scheme",
    "samples = qis_plugins.samples",
    "web = qis_web.settings",
]

setup(
    name="qis",
    version="0.1.0",
    description="A plugin-based imaging framework and image server",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11",
    packages=find_packages(include=["qis_core*", "qis_plugins*", "qis_web*"]),
    include_package_data=True,
    package_data={
        "": ["py.typed"],
        "qis_core.catalog": ["migrations/*.mako", "migrations/versions/*.py"],
        "qis_web": ["templates/**/*.pt", "static/**/*"],
    },
    install_requires=REQUIRES,
    extras_require=EXTRAS,
    entry_points={
        "console_scripts": ["qis = qis_web.cli:main"],
        "paste.app_factory": ["main = qis_web.app:main"],
        "qis.plugins": PLUGINS,
    },
)
