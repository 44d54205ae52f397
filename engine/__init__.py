"""The vocabulary and the judgement: events, state, rules, alerts, protocol. Imports no terminal and no kernel."""
