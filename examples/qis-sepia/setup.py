"""A third-party plugin as its author would publish it."""

from setuptools import setup

setup(
    name="qis-sepia",
    version="1.0",
    description="Tone pictures brown: an example of a QIS operation",
    license="Apache-2.0",
    python_requires=">=3.11",
    py_modules=["qis_sepia"],
    install_requires=["qis", "Pillow"],
    entry_points={"qis.plugins": ["sepia = qis_sepia"]},
)
