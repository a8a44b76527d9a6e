"""Commands on connections: make, change, remove, order, import; connect and disconnect."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject

from lacuna_engine.errors import LacunaError
from lacuna_engine.profiles import (
    Candidate,
    Imported,
    Profile,
    ProfileOptions,
    ProfileStore,
    from_libvirt,
    from_virt_manager,
)
from lacuna_engine.transfer import Session
from lacuna_gui.commands.context import Context
from lacuna_gui.dialogs.confirm import confirm
from lacuna_gui.dialogs.connection import ConnectionDialog
from lacuna_gui.dialogs.importing import ImportDialog
from lacuna_gui.hints import in_window_words
from lacuna_gui.hosts import Host, HostState
from lacuna_gui.problem import Problem, problem_of
from lacuna_gui.views.connections import ConnectionsView

__all__ = ["GIVEN", "ConnectionCommands", "SessionOpener"]

SessionOpener = Callable[[Profile], Awaitable[Session]]

GIVEN = "given:"
"""How ids of connections begin that were given for this run only, and are not stored."""


class ConnectionCommands(QObject):
    """Acts on the connection that is current in the sidebar."""

    def __init__(
        self, context: Context, view: ConnectionsView, store: ProfileStore, opener: SessionOpener
    ) -> None:
        super().__init__(context.window)
        self._context, self._view, self._store, self._opener = context, view, store, opener
        context.actions.perform(
            {"connection.new": partial(self.edit, None), "connection.import": self._import}
        )
        context.actions.perform(
            {
                "connection.edit": self.edit,
                "connection.duplicate": self._duplicate,
                "connection.up": partial(self._step, -1),
                "connection.down": partial(self._step, 1),
                "connection.delete": self._delete,
                "connection.open": self.connect_host,
                "connection.close": self._disconnect,
            },
            self._on_current,
        )
        view.tree.dropped.connect(self._on_moved)
        view.activated_node.connect(self._on_activated)
        for host in context.hosts:
            self._watch(host)
        context.hosts.added.connect(self._watch)

    def _watch(self, host: Host) -> None:
        host.lost.connect(partial(self._on_lost, host))
        host.changed.connect(self.update_actions)

    def _on_lost(self, host: Host, error: LacunaError) -> None:
        what = self.tr("The connection to {0} has ended").format(host.title)
        again = (self.tr("Connect again"), lambda: self.connect_host(host))
        self._context.messages.problem(problem_of(error, what), button=again, key=host.id)

    def current(self) -> Host | None:
        """Return the connection of the sidebar's current row."""
        node = self._view.current()
        return node.host if node is not None else None

    def _on_current(self, command: Callable[[Host], object]) -> None:
        if (host := self.current()) is not None:
            command(host)

    def update_actions(self) -> None:
        """Enable what can be done with the current connection."""
        host = self.current()
        stored = host is not None and not host.id.startswith(GIVEN)
        actions = self._context.actions
        offline = host is not None and host.state in (HostState.OFFLINE, HostState.LOST)
        actions.enable(offline, "connection.open")
        actions.enable(host is not None and not offline, "connection.close")
        actions.enable(stored, "connection.edit", "connection.duplicate")
        for name, by in (("connection.up", -1), ("connection.down", 1)):
            actions.enable(host is not None and self._beside(host, by) is not None, name)
        actions.enable(host is not None, "connection.delete")

    # --- life ----------------------------------------------------------------------------------

    def load(self) -> None:
        """Read the store and show what is in it."""
        try:
            profiles = self._store.load()
        except LacunaError as error:
            what = self.tr("The saved connections cannot be read")
            self._context.messages.problem(problem_of(error, what))
            return
        self._context.hosts.update(profiles)
        for note in self._store.notes:
            self._context.messages.note(in_window_words(note))

    def connect_host(self, host: Host) -> None:
        """Connect, and show its first pool."""

        def connected(_: None) -> None:
            self._context.messages.settled(host.id)
            self._context.messages.done(self.tr("Connected to {0}").format(host.title))
            node = self._view.current()
            if node is not None and node.host is host and not node.pool:
                active = [name for name, pool in host.pools.items() if pool.active]
                wanted = host.profile.pool
                first = wanted if wanted in active else next(iter(active), "")
                if first:
                    self._view.choose_pool(host.id, first)

        def failed(problem: Problem) -> None:
            again = (self.tr("Try again"), lambda: self.connect_host(host))
            self._context.messages.problem(problem, button=again, key=host.id)

        self._context.runner.run(
            host.connect_host(),
            connected,
            what=self.tr("Cannot connect to {0}").format(host.title),
            failed=failed,
        )

    def _disconnect(self, host: Host) -> None:
        self._context.runner.run(host.disconnect_host())

    def _on_activated(self, node: object) -> None:
        host = getattr(node, "host", None)
        offline = (HostState.OFFLINE, HostState.LOST)
        if isinstance(host, Host) and host.state in offline:
            self.connect_host(host)

    # --- the store -----------------------------------------------------------------------------

    def edit(self, host: Host | None) -> None:
        """Open the editor for a connection, or for a new one."""
        names = [one.title for one in self._context.hosts if one is not host]
        groups = [one.profile.group for one in self._context.hosts]
        dialog = ConnectionDialog(
            self._context.runner,
            self._test,
            host.profile if host else None,
            groups=groups,
            taken=names,
            parent=self._context.window,
        )
        dialog.saved.connect(self._save)
        dialog.open()

    async def _test(self, profile: Profile) -> str:
        session = await self._opener(profile)
        try:
            version = ".".join(map(str, await session.storage.library_version()))
            pools = await session.storage.pools()
        finally:
            await session.close()
        return self.tr("It works: libvirt {0}, %n pool(s).", "", len(pools)).format(version)

    def _save(self, profile: Profile) -> None:
        options: ProfileOptions = {
            "group": profile.group,
            "pool": profile.pool,
            "limit": profile.limit,
            "verify": profile.verify,
            "connections": profile.connections,
        }

        def store() -> Profile:
            if not profile.id:
                return self._store.create(profile.name, profile.uri, **options)
            return self._store.edit(profile.id, name=profile.name, uri=profile.uri, **options)

        def saved(stored: Profile) -> None:
            self.load()
            self._view.choose_host(stored.id)
            host = self._context.hosts.get(stored.id)
            if host is not None and not profile.id:
                self.connect_host(host)

        self._context.runner.run(
            asyncio.to_thread(store), saved, what=self.tr("The connection could not be saved")
        )

    def _duplicate(self, host: Host) -> None:
        def copied(profile: Profile) -> None:
            self.load()
            self._view.choose_host(profile.id)
            if (copy := self._context.hosts.get(profile.id)) is not None:
                self.edit(copy)

        self._context.runner.run(
            asyncio.to_thread(self._store.duplicate, host.id),
            copied,
            what=self.tr("The connection could not be saved"),
        )

    def _delete(self, host: Host) -> None:
        def agreed() -> None:
            self._context.runner.run(
                self._remove(host), what=self.tr("The connection could not be removed")
            )

        confirm(
            self._context.window,
            self.tr("Delete connection"),
            self.tr("Delete the connection {0}? Nothing is changed on the host.").format(
                host.title
            ),
            self.tr("Delete"),
            agreed,
        )

    async def _remove(self, host: Host) -> None:
        if not host.id.startswith(GIVEN):
            await asyncio.to_thread(self._store.delete, host.id)
        await self._context.hosts.remove(host.id)

    def _on_moved(self, host_id: str, group: str, before: str | None) -> None:
        """A connection was dragged to another place or group."""
        if host_id.startswith(GIVEN):
            return
        order = [one.id for one in self._context.hosts if one.id != host_id]
        place = order.index(before) if before in order else len(order)
        order.insert(place, host_id)

        def store() -> tuple[Profile, ...]:
            self._store.edit(host_id, group=group)
            return self._store.reorder(order)

        self._context.runner.run(
            asyncio.to_thread(store),
            self._context.hosts.update,
            what=self.tr("The connection could not be saved"),
        )

    def _beside(self, host: Host, by: int) -> Host | None:
        """Return the connection before or behind one in its group; None if it is the last there."""
        peers = [
            one
            for one in self._context.hosts
            if one.profile.group == host.profile.group and not one.id.startswith(GIVEN)
        ]
        place = peers.index(host) + by if host in peers else -1
        return peers[place] if 0 <= place < len(peers) else None

    def _step(self, by: int, host: Host) -> None:
        """Let a connection and the one beside it change places."""
        other = self._beside(host, by)
        if other is None:
            return
        changed = {host.id: other.id, other.id: host.id}
        order = [changed.get(one.id, one.id) for one in self._context.hosts]

        def moved(profiles: Sequence[Profile]) -> None:
            self._context.hosts.update(profiles)
            self._view.choose_host(host.id)
            self.update_actions()

        self._context.runner.run(
            asyncio.to_thread(self._store.reorder, order),
            moved,
            what=self.tr("The connection could not be saved"),
        )

    # --- import --------------------------------------------------------------------------------

    def _import(self) -> None:
        async def look() -> tuple[list[Candidate], list[Problem]]:
            found: list[Candidate] = []
            problems: list[Problem] = []
            for source in (from_libvirt, from_virt_manager):
                try:
                    found += await asyncio.to_thread(source)
                except LacunaError as error:
                    problems.append(problem_of(error))
            return found, problems

        self._context.runner.run(look(), self._offer_import)

    def _offer_import(self, result: tuple[Sequence[Candidate], Sequence[Problem]]) -> None:
        found, problems = result
        for problem in problems:
            self._context.messages.problem(problem)
        known = [host.profile.uri for host in self._context.hosts]
        dialog = ImportDialog(found, known, self._context.window)
        dialog.wanted.connect(self._take_over)
        dialog.open()

    def _take_over(self, candidates: Sequence[Candidate]) -> None:
        def imported(result: Imported) -> None:
            self.load()
            for candidate, reason in result.skipped:
                self._context.messages.note(f"{candidate.name}: {in_window_words(reason)}")
            count = len(result.created)
            self._context.messages.done(self.tr("%n connection(s) imported", "", count))

        self._context.runner.run(
            asyncio.to_thread(self._store.add_all, candidates),
            imported,
            what=self.tr("The connections could not be saved"),
        )
