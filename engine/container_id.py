"""Who is meant where a container runtime is asked: the whole id of a container, and nothing else.

Ids come from front ends and become part of the paths of Docker's API: there another word would ask another question,
and a name, or a part of an id, may be another container's in the next moment.
"""

from __future__ import annotations

import re

from engine.errors import TiercelError

_WHOLE = re.compile("[0-9a-f]{64}")


def whole_id(container_id: str, hint: str = "") -> str:
    """The id as it is. Raises TiercelError, with ``hint``, when it is none or not whole."""
    if not _WHOLE.fullmatch(container_id):
        raise TiercelError("that is no container's id", hint=hint)
    return container_id
