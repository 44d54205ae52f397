"""The rules in force: the files, as the configuration wants them, and what was switched by key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from engine.config import Config
from engine.errors import RulesError
from engine.rules.compiler import Progress
from engine.rules.load import load
from engine.rules.render import render_lines
from engine.rules.ruleset import Rule, RuleSet
from engine.rules.selection import select
from engine.ruling.edited import EDITED
from probes.options import Options, rule_paths, watched_paths
from probes.ruling.configuration import settled
from probes.ruling.remarks import NO_RULE, Remark, none_in_force, remarks
from probes.ruling.toggles import Toggles
from probes.ruling.unmatched import unmatched

OF_RULES = ("rules_files", "rules", "priority", "append_output", "static_fields")
"""The keys that take effect when the rules are read again."""


class ConfiguredRules:
    """Loads the rules of some options, as often as need be.

    ``toggles`` keeps what is switched by key; without it a switch is forgotten at the end. ``local`` is a rule file
    that is loaded after all others while it is there; what of it is for rules that are not loaded is left out, and
    a fault in it leaves the others in force.
    """

    def __init__(self, options: Options, toggles: Toggles | None = None, local: Path | None = None) -> None:
        self._options = options
        self._toggles = toggles
        self._local = local
        self.local_fault = ""
        """Why the local rule file is not in force, "" when it is."""
        self.remarks: list[Remark] = []
        """What of the rules as they were loaded last has no effect though it is no fault."""
        self._first = True
        self.report: Callable[[str, str], None] = lambda _what, _hint: None
        """Told of what has changed in the configuration and holds only after a restart."""
        self.withdraw: Callable[[str], None] = lambda _what: None
        """Told the beginning of what was reported and is so no more."""
        self._loaded: RuleSet | None = None
        """The rules as they were loaded last, and as they were switched since."""
        self._configured: dict[str, bool] = {}
        """Name of each rule → whether it is on if nobody switches it."""

    def load(self, progress: Progress | None = None) -> RuleSet:
        """Read the files, those of the configuration too when it is not the first time.

        Raises UsageError: RulesError with every problem, ConfigError for the configuration and the kept switches.
        """
        config = self._options.config if self._first else self._read_again()
        self._first = False
        rules = select(self._read(config, progress), config.rules, config.priority)
        self._configured = {rule.name: rule.enabled for rule in rules.rules}
        self._switch(rules)
        self._loaded = rules
        self._remark(rules)
        return rules

    def tell(self, report: Callable[[str, str], None], withdraw: Callable[[str], None]) -> None:
        """From now on these are told, beginning with what was found so far."""
        self.report, self.withdraw = report, withdraw
        if self.local_fault:
            report(f"{self._local} is not in force: {self.local_fault}", "mend it, or remove it")
        for remark in self.remarks:
            report(*remark)

    def _remark(self, rules: RuleSet) -> None:
        for what, _ in self.remarks:
            self.withdraw(what)
        selected = self._options.origin.rules if self._options.origin is not None else ()
        self.remarks = [*unmatched(selected, rules), *remarks(list(map(Path, self._options.rules)), rules)]
        for remark in self.remarks:
            self.report(*remark)

    def _remark_switched(self) -> None:
        """Whether a rule is in force is another matter after each switch."""
        self.withdraw(NO_RULE)
        found = list(none_in_force(self._loaded)) if self._loaded is not None else []
        self.remarks = [*(remark for remark in self.remarks if remark[0] != NO_RULE), *found]
        for remark in found:
            self.report(*remark)

    def _switch(self, rules: RuleSet) -> None:
        """As was done by key, now or earlier."""
        switched = self._toggles.read() if self._toggles is not None else {}
        for name, enabled in switched.items():
            if name in rules:
                rules.set_enabled(name, enabled)

    def _read(self, config: Config, progress: Progress | None) -> RuleSet:
        """The rules of the files, and the local ones."""
        paths = rule_paths(self._options)
        self.local_fault = ""
        self.withdraw(f"{self._local} ")
        if self._local is not None and self._local.is_file():
            try:
                return load(paths, suggested=False, extras=config.extras, progress=progress, local=self._local)
            except RulesError as error:
                rules = load(paths, suggested=False, extras=config.extras, progress=progress)
                self._note(self._local, render_lines(error.problems)[0])
                return rules
        return load(paths, suggested=False, extras=config.extras, progress=progress)

    def _note(self, local: Path, fault: str) -> None:
        """Tell what is wrong with the local file; nothing, if it was taken away while it was read."""
        if local.is_file():
            self.local_fault = fault
            self.report(f"{local} is not in force: {fault}", "mend it, or remove what is wrong")

    def tried(self, text: str) -> RuleSet:
        """The rules as they would be with a text behind all others. Raises RulesError."""
        config = self._options.config
        local = self._local if self._local is not None and self._local.is_file() and not self.local_fault else None
        paths = rule_paths(self._options)
        found = load(paths, suggested=False, extras=config.extras, local=local, more=[(EDITED, text)])
        rules = select(found, config.rules, config.priority)
        self._switch(rules)
        return rules

    def watched(self) -> list[Path]:
        """The files and folders whose changes matter, as of the last time."""
        return [*watched_paths(self._options), *([self._local] if self._local is not None else [])]

    def _read_again(self) -> Config:
        """The configuration as it is now in what is about rules, and for the rest as it was at the beginning."""
        origin, before = self._options.origin, self._options.config
        if origin is None:
            return before
        found = settled(origin)
        now = replace(before, **{name: getattr(found.config, name) for name in OF_RULES})
        if late := [name for name in found.config.__struct_fields__ if _differ(name, found.config, now)]:
            self.report(f"changed in the configuration: {', '.join(late)}", "restart for that to take effect")
        self._options = replace(self._options, config=now, origin=replace(origin, files=found.files))
        return now

    def keep(self, rule: Rule) -> None:
        """Remember that a rule was switched. Raises OSError when that cannot be written."""
        self._remark_switched()
        if self._toggles is not None:
            self._toggles.keep(rule.name, rule.enabled, configured=self._configured.get(rule.name, True))


def _differ(name: str, one: Config, other: Config) -> bool:
    return bool(getattr(one, name) != getattr(other, name))


def rules_of(options: Options, local: Path | None = None) -> ConfiguredRules:
    """The rules of a sensor: a live one keeps what is switched by key, a replay is on its own."""
    return ConfiguredRules(options, None if options.replay else Toggles(), local)
