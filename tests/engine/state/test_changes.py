"""Who changed what: lines of `docker diff` and the events that explain them."""

from __future__ import annotations

import pytest

from engine.events import KernelEvent
from engine.protocol import Change
from engine.state.world import World
from tests.helpers.entered import O_RDONLY, O_WRONLY, alert, apply, entered, opened, run_in_shell
from tests.helpers.world import T0, WEB, event


@pytest.fixture
def world() -> World:
    return entered()


def explained(world: World, *lines: str) -> dict[str, str]:
    """Who did it, for each line of ``docker diff``."""
    changes = [Change(kind=line[0], path=line[2:]) for line in lines]
    return {change.path: change.process for change in world.explain(WEB, changes)}


def test_a_new_file_is_explained_up_to_where_somebody_came_in(world: World) -> None:
    run_in_shell(world, 201, "/bin/touch", "/bin/18211", at=10)
    judged = apply(world, opened("/bin/18211", at=20, pid=201, comm="touch"))
    world.note_alert(alert(judged, target="/bin/18211", id=42))
    folder, file, other = world.explain(WEB, [Change("C", "/bin"), Change("A", "/bin/18211"), Change("A", "/x")])
    assert (file.process, file.time, file.alert_id) == ("touch (201) ← sh ← docker exec", T0 + 20, 42)
    assert (folder.process, folder.time) == (file.process, file.time), "a folder changed by what was made in it"
    assert (other.process, other.time) == ("", 0)


def test_what_counts_as_a_change(world: World) -> None:
    def call(type: str, at: int, res: int = 0, **args: int | str) -> KernelEvent:
        return event(type, 200, 10 + at, comm=type, container_id=WEB, args=dict(args), res=res)

    apply(
        world,
        call("mkdir", 1, path="/srv/d"),
        call("symlink", 2, target="/etc/shadow", linkpath="/srv/l"),
        call("rename", 3, oldpath="/srv/a", newpath="/srv/b"),
        call("unlink", 4, path="/srv/u"),
        call("chmod", 5, filename="/srv/c", mode=0o777),
        call("unlink", 6, res=-13, path="/srv/denied"),
        opened("/srv/read", at=7, flags=O_RDONLY),
    )
    who = explained(world, *(f"A /srv/{name}" for name in ("d", "l", "a", "b", "u", "c", "denied", "read")))
    assert {path: text.partition(" ")[0] for path, text in who.items()} == {
        "/srv/d": "mkdir",
        "/srv/l": "symlink",
        "/srv/a": "rename",
        "/srv/b": "rename",
        "/srv/u": "unlink",
        "/srv/c": "chmod",
        "/srv/denied": "",
        "/srv/read": "",
    }


def test_a_relative_path_follows_the_working_directory(world: World) -> None:
    run_in_shell(world, 201, "/bin/mkdir", "d", at=10, cwd="/srv")
    made = event("mkdirat", 201, 20, comm="mkdir", container_id=WEB, args={"dirfd": -100, "path": "./d/"}, res=0)
    apply(world, made)
    assert explained(world, "A /srv/d")["/srv/d"].startswith("mkdir (201)")


def test_a_path_relative_to_a_descriptor_follows_the_kernel(world: World) -> None:
    args: dict[str, int | str] = {"dirfd": 5, "name": "u"}
    removed = event("unlinkat", 200, 10, comm="rm", container_id=WEB, args=args, bases={"name": "/srv"}, res=0)
    apply(world, removed)
    assert explained(world, "D /srv/u")["/srv/u"].startswith("rm (200)")


def test_who_made_a_file_says_more_than_who_wrote_to_it_later(world: World) -> None:
    apply(world, opened("/tmp/x", at=10, comm="cp"), opened("/tmp/x", at=20, flags=O_WRONLY, comm="dd"))
    assert explained(world, "A /tmp/x")["/tmp/x"].startswith("cp (200)")


def test_a_file_that_was_brought_along_and_run_says_so_and_whose_it_is(world: World) -> None:
    run_in_shell(world, 201, "/tmp/x", at=5)
    apply(world, opened("/tmp/x", at=10, comm="cp"), opened("/tmp/y", at=11, comm="cp"))
    (unused,) = world.explain(WEB, [Change("A", "/tmp/x")])
    run_in_shell(world, 202, "/tmp/x", at=20)
    ran, other = world.explain(WEB, [Change("A", "/tmp/x"), Change("A", "/tmp/y")])
    assert (unused.executed, ran.executed, other.executed) == (0, T0 + 21, 0)
    assert (ran.pid, ran.start) == (200, 200)
