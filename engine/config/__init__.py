"""Configuration: Falco's ``falco.yaml`` as it is, and our own file in the same form.

::

    bytes ──▶ document.parse ──▶ tree ──▶ layers.merge, overrides.apply ──▶ reader.read ──▶ Config

Pure: files are found and opened by :mod:`probes.ruling.configuration`.
"""

from engine.config.document import parse
from engine.config.faults import ConfigError
from engine.config.model import AppendOutput, Config
from engine.config.reader import read
from engine.config.remapping import Remapped
from engine.rules.selection import Selection

__all__ = ["AppendOutput", "Config", "ConfigError", "Remapped", "Selection", "parse", "read"]
