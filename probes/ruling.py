"""The rules in force: the files, as the configuration wants them, and what was switched by key."""

from __future__ import annotations

from engine.config.applied import extend, selected
from engine.rules.load import load
from engine.rules.ruleset import Rule, RuleSet
from probes.options import Options, rule_paths
from probes.toggles import Toggles


class ConfiguredRules:
    """Loads the rules of some options, as often as need be.

    ``toggles`` keeps what is switched by key; without it a switch is forgotten at the end.
    """

    def __init__(self, options: Options, toggles: Toggles | None = None) -> None:
        self._options = options
        self._toggles = toggles
        self._configured: dict[str, bool] = {}
        """Name of each rule → whether it is on if nobody switches it."""

    def load(self) -> RuleSet:
        """Read the files. Raises UsageError: RulesError with every problem, ConfigError for the kept switches."""
        loaded = load(rule_paths(self._options), suggested=False)
        config = self._options.config
        rules = selected(loaded.rules, config)
        extend(rules, config)
        self._configured = {rule.name: rule.enabled for rule in rules}
        switched = self._toggles.read() if self._toggles is not None else {}
        for rule in rules:
            rule.enabled = switched.get(rule.name, rule.enabled)
        return RuleSet(rules, loaded.warnings)

    def keep(self, rule: Rule) -> None:
        """Remember that a rule was switched. Raises OSError when that cannot be written."""
        if self._toggles is not None:
            self._toggles.keep(rule.name, rule.enabled, configured=self._configured.get(rule.name, True))


def rules_of(options: Options) -> ConfiguredRules:
    """The rules of a sensor: a live one keeps what is switched by key, a replay is on its own."""
    return ConfiguredRules(options, None if options.replay else Toggles())
