"""The rules in force: the files, as the configuration wants them, and what was switched by key."""

from __future__ import annotations

from engine.rules.compiler import Progress
from engine.rules.load import load
from engine.rules.ruleset import Rule, RuleSet
from engine.rules.selection import select
from probes.options import Options, rule_paths
from probes.ruling.toggles import Toggles


class ConfiguredRules:
    """Loads the rules of some options, as often as need be.

    ``toggles`` keeps what is switched by key; without it a switch is forgotten at the end.
    """

    def __init__(self, options: Options, toggles: Toggles | None = None) -> None:
        self._options = options
        self._toggles = toggles
        self._configured: dict[str, bool] = {}
        """Name of each rule → whether it is on if nobody switches it."""

    def load(self, progress: Progress | None = None) -> RuleSet:
        """Read the files. Raises UsageError: RulesError with every problem, ConfigError for the kept switches."""
        config = self._options.config
        loaded = load(rule_paths(self._options), suggested=False, extras=config.extras, progress=progress)
        rules = select(loaded, config.rules, config.priority)
        self._configured = {rule.name: rule.enabled for rule in rules.rules}
        switched = self._toggles.read() if self._toggles is not None else {}
        for name, enabled in switched.items():
            if name in rules:
                rules.set_enabled(name, enabled)
        return rules

    def keep(self, rule: Rule) -> None:
        """Remember that a rule was switched. Raises OSError when that cannot be written."""
        if self._toggles is not None:
            self._toggles.keep(rule.name, rule.enabled, configured=self._configured.get(rule.name, True))


def rules_of(options: Options) -> ConfiguredRules:
    """The rules of a sensor: a live one keeps what is switched by key, a replay is on its own."""
    return ConfiguredRules(options, None if options.replay else Toggles())
