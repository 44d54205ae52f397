"""Rules as Python functions: one for each type of event, which tells by a bit mask the rules that match.

::

    forms ──▶ plan (what is tested first, and for which rules at once) ──▶ source text ──▶ function

The order of tests follows a :class:`~engine.lang.codegen.sample.Sample` of events: it makes functions faster or slower,
and never changes what they say.
"""
