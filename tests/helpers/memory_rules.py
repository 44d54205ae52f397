"""What a sensor in memory answers about rules, and about exceptions from them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from engine import protocol as p
from engine.errors import TiercelError
from engine.events import Phase
from engine.service.recorded import LIVE_ONLY
from tests.helpers.memory import World


class RulesAnswers:
    """See the module."""

    world: World

    def pulse(self, *, changed: Sequence[str] = ()) -> None:
        """Say that the named subjects have grown."""
        raise NotImplementedError

    def _rules(self, _request: p.ListRules) -> p.Rules:
        return p.Rules(rows=[msgspec.structs.replace(rule) for rule in self.world.rules])

    def _set_rule(self, request: p.SetRule) -> p.Done:
        for rule in self.world.rules:
            if rule.name == request.name:
                rule.enabled = request.enabled
                self.pulse(changed=["rules"])
                return p.Done(detail=f"{rule.name} is {'on' if rule.enabled else 'off'}")
        raise TiercelError(f"there is no rule {request.name!r}")

    def _set_rules(self, request: p.SetRules) -> p.Done:
        meant = [
            rule
            for rule in self.world.rules
            if (not request.tag or request.tag in rule.tags)
            and (request.priority is None or rule.priority is request.priority)
            and (not request.file or rule.file == request.file)
            and (not request.names or rule.name in request.names)
        ]
        for rule in meant:
            rule.enabled = request.enabled
        self.pulse(changed=["rules"])
        return p.Done(detail=f"{len(meant)} rules {'on' if request.enabled else 'off'}")

    def _reload(self, _request: p.ReloadRules) -> p.Done:
        if self.world.rule_problem:
            raise TiercelError(self.world.rule_problem, hint="the running rules stay in force")
        return p.Done(detail=f"{len(self.world.rules)} rules loaded")

    def _explain(self, request: p.Explain) -> p.Why:
        if request.alert_id not in self.world.explanations:
            raise TiercelError("what the rule saw then was not kept", hint="alerts of older versions have no evidence")
        return p.Why(explanation=self.world.explanations[request.alert_id])

    def _propose(self, request: p.ProposeExceptions) -> p.Proposals:
        return p.Proposals(rows=self.world.proposals.get(request.alert_id, []))

    def _add_exception(self, request: p.AddException) -> p.Done:
        if self.world.rule_problem:
            raise TiercelError(self.world.rule_problem, hint="nothing was changed")
        self.world.exceptions.append(request)
        return p.Done(detail="an exception is in force, in local_rules.yaml", change=_change(request))

    def _undo_exception(self, request: p.UndoException) -> p.Done:
        if self.world.health.phase in (Phase.REPLAYING, Phase.ENDED):
            raise TiercelError("there is nothing to take back: a replay changes no rules", hint=LIVE_ONLY)
        if not self.world.exceptions:
            raise TiercelError(
                "there is nothing to undo: there is no exception or edit in local_rules.yaml",
                hint="one is made from an alert",
            )
        last = self.world.exceptions[-1]
        change, about = _change(last), f"exception of alert {last.alert_id}, by {last.who}"
        if request.tell:
            return p.Done(detail=about, change=change)
        if request.change not in ("", change):
            raise TiercelError(f"another change was made since: {about}", hint="nothing was taken back")
        self.world.exceptions.pop()
        return p.Done(detail=f"taken back: {about}", change=change)

    def _rule_text(self, request: p.GetRuleText) -> p.RuleText:
        return p.RuleText(lines=[f"- rule: {request.name}"])

    def _try_rules(self, _request: p.TryRules) -> p.Tried:
        return p.Tried(summary="changed")


def _change(request: p.AddException) -> str:
    """Stands for an exception, as the local rules file tells them apart by alert, fields and author."""
    return f"{request.alert_id} {' '.join(request.fields)} {request.who}"
