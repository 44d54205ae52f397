"""``user.*`` and ``group.*``: on whose behalf. Names are those of the container, or of the host."""

from __future__ import annotations

from operator import attrgetter

from engine.lang.arguments import NO_NAME, group_name, user_name
from engine.lang.field import Field
from engine.lang.types import FieldType
from engine.state.event import Event


def _login_name(event: Event) -> str:
    uid = event.process.loginuid
    return NO_NAME if uid < 0 else user_name(event, uid)


T = FieldType

FIELDS = (
    Field("user.uid", T.UINT32, "Effective user id, as the host counts", "user.uid = 0", attrgetter("kernel.uid")),
    Field(
        "user.name",
        T.CHARBUF,
        "Name of the user, <NA> if it has none",
        "user.name = root",
        lambda event: user_name(event, event.kernel.uid),
    ),
    Field(
        "user.loginuid",
        T.INT64,
        "User who logged in, -1 for none",
        "user.loginuid >= 0",
        attrgetter("process.loginuid"),
    ),
    Field("user.loginname", T.CHARBUF, "Name of the user who logged in", "user.loginname = admin", _login_name),
    Field("group.gid", T.UINT32, "Group id", "group.gid = 0", attrgetter("kernel.gid")),
    Field(
        "group.name",
        T.CHARBUF,
        "Name of the group, <NA> if it has none",
        "group.name = docker",
        lambda event: group_name(event, event.kernel.gid),
    ),
)
"""The rows of these namespaces."""
