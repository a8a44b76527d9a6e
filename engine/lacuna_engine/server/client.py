"""One client of the server: its calls, its streams, its events.

Invariants:

* Reading pauses while too much of this client is under way, so that no client can make the server
  grow: calls in progress, blocks waiting to be written, replies and pongs not yet taken. No call is
  begun meanwhile, and a client that does not take its events is sent away.
* What a client sends after it has asked for the end is nothing to anybody.
* A call gets exactly one answer. A stream gets one end. Both may come after the connection has
  ended, and then go nowhere.
* Nothing a client sends raises anything but ProtocolError here, which closes its connection.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from lacuna_engine.errors import LacunaError, PeerSilentError, ProtocolError, XdrError
from lacuna_engine.rpc import events as e
from lacuna_engine.rpc import procedures as p
from lacuna_engine.rpc import records as r
from lacuna_engine.rpc.failure import Code
from lacuna_engine.rpc.packet import MAX_PACKET
from lacuna_engine.rpc.peer import ServerPeer
from lacuna_engine.rpc.procedures import Kind, Procedure
from lacuna_engine.rpc.record import Record, Void
from lacuna_engine.server.caller import Answer, Caller, OpenedStream
from lacuna_engine.server.calls import Calls
from lacuna_engine.server.downloads import DownloadJob, Wire
from lacuna_engine.server.faults import Faults
from lacuna_engine.server.intake import Intake
from lacuna_engine.server.keepalive import ServerKeepalive
from lacuna_engine.server.lending import LendingPipe
from lacuna_engine.server.refusal import Refusal, in_words, unexpected
from lacuna_engine.server.requests import UNSENT, Requests
from lacuna_engine.server.uploads import UploadJob
from lacuna_engine.stream import DownloadSender, UploadReceiver
from lacuna_engine.transport import Pipe

__all__ = ["ServedClient"]

log = logging.getLogger(__name__)

MAX_UNREAD_EVENTS = 4 << 20
"""Bytes of events that a client has not taken before it is sent away."""

EARLY_PACKETS = 2
"""Packets of a download that overtake its reply, as many as were seen (protocol.md 0.13)."""

FROM_STRANGERS = 128 << 10
"""Bytes of the longest message of a client that is not let in; logins send 64 KiB at most."""

MAX_STREAMS = 64
"""Open streams of one client; each holds a file and some blocks."""

REORDERING = 0.2
"""Seconds over which replies are spread to come in another order."""


class ServedClient:
    """Drives the server's peer on a pipe. ``over`` is called once when the client has gone."""

    def __init__(
        self,
        pipe: Pipe,
        calls: Calls,
        caller: Caller,
        *,
        faults: Faults,
        over: Callable[[ServedClient], None],
    ) -> None:
        self.caller = caller
        self.faults = faults
        self._pipe = pipe
        self._calls = calls
        self._over = over
        self._peer = ServerPeer()
        self._intake = Intake(pipe, self._take_in)
        self._requests = Requests(self._intake, faults, self._answer)
        self._jobs: dict[int, UploadJob | DownloadJob] = {}
        self._held: list[bytes] = []
        self._early = 0
        self._background: set[asyncio.Task[None]] = set()
        self._keepalive = ServerKeepalive(pipe, self._ping)
        self._unread_events = 0
        self._deaf_since: float | None = None
        self._silent = False
        self._has_ended = False

    def start(self) -> None:
        """Begin to serve."""
        self.caller.on_event = self.send_event
        self._pipe.start(self)

    def close(self) -> None:
        """End the connection."""
        self._pipe.close()

    async def wait_closed(self) -> None:
        """Wait until the client has gone and its work is done."""
        await self._pipe.wait_closed()
        jobs = [job.task for job in self._jobs.values()]
        await asyncio.gather(
            *self._requests.in_progress, *jobs, *self._background, return_exceptions=True
        )

    def send_event(self, procedure: Procedure[Void, Any], payload: Record) -> None:
        """Tell the client what happened."""
        before = self._pipe.bytes_written
        for _ in range(1 + self.faults.event_flood):
            self._peer.send_event(procedure, payload)
        self._flush()
        self._unread_events += self._pipe.bytes_written - before
        if self._unread_events > MAX_UNREAD_EVENTS:
            self._pipe.close(PeerSilentError("the client does not take its events"))

    # --- the receiver of the pipe ----------------------------------------------------------------

    def received(self, data: memoryview) -> None:
        """Take in bytes."""
        self._keepalive.heard()
        self._intake.received(data)
        cut = self.faults.cut_after_receiving
        if cut is not None and self._pipe.bytes_read >= cut:
            self._pipe.close()

    def closed(self, reason: LacunaError) -> None:
        """The connection has ended."""
        self._keepalive.stop()
        self._intake.close()
        self._requests.clear()
        for job in list(self._jobs.values()):
            job.lost(reason)
        self._calls.forget(self.caller)
        self._over(self)

    def _take_in(self, data: memoryview) -> int:
        """Take in a piece of what came; return how many messages were in it."""
        count = 0
        if self._has_ended:
            return count
        self._peer.answers_pings = not self._is_deaf()
        self._peer.take_at_most(MAX_PACKET if self.caller.let_in else FROM_STRANGERS)
        for event in self._peer.receive(data):
            count += 1
            if not self._dispatch(event):
                break
        # Pings are no events, but each has an answer.
        count += self._flush()
        return count

    def _is_deaf(self) -> bool:
        """Whether the fault of not hearing pings is there, and not yet over."""
        if not self.faults.deaf_to_pings:
            self._deaf_since = None
            return False
        now = asyncio.get_running_loop().time()
        if self._deaf_since is None:
            self._deaf_since = now
        return now - self._deaf_since < self.faults.deaf_to_pings

    def _dispatch(self, event: e.Event) -> bool:
        """Deal with a message; return whether more may come."""
        match event:
            case e.CallArrived():
                self._take_call(event)
            case e.StreamData() | e.StreamHole() | e.StreamEnd():
                if isinstance(job := self._jobs.get(event.serial), UploadJob):
                    _take_content(job, event)
            case e.StreamFinished() | e.StreamAborted() | e.StreamRefused():
                if (job := self._jobs.get(event.serial)) is not None:
                    _take_end(job, event)
            case _:
                pass
        return not self._has_ended

    # --- calls -----------------------------------------------------------------------------------

    def _take_call(self, call: e.CallArrived) -> None:
        if call.procedure.number in self.faults.hang:
            return
        # Answered in its turn, so that what came before has been begun.
        self._has_ended = call.procedure is p.CONNECT_CLOSE
        if call.procedure is p.CONNECT_SUPPORTS_FEATURE and call.arguments == r.Number(10):
            self._start_pinging()
        self._requests.put(call)

    async def _answer(self, call: e.CallArrived) -> None:
        if call.procedure is p.CONNECT_CLOSE:
            self._peer.reply(call, Void())
            self._flush()
            self._keep(self._close_when_sent())
            return
        if self.faults.reorder_replies:
            # Those that came later, and are as quick, get their answers first.
            await asyncio.sleep(REORDERING / (1 + call.serial))
        try:
            await self._answer_or_refuse(call)
        except XdrError as error:
            # As the daemon: what cannot be encoded ends the connection (protocol.md 1.7).
            self._pipe.close(error)
        self._flush()

    async def _answer_or_refuse(self, call: e.CallArrived) -> None:
        try:
            answer = await self._calls.answer(self.caller, call.procedure, call.arguments)
        except Refusal as refusal:
            self._refuse(call, refusal.error)
        except Exception:  # a mistake of ours must not leave the client waiting
            log.exception("%s failed", call.procedure.name)
            self._refuse(call, unexpected().error)
        else:
            self._reply(call, answer)

    def _reply(self, call: e.CallArrived, answer: Answer) -> None:
        if isinstance(answer, OpenedStream):
            self._open_stream(call, answer)
        else:
            self._peer.reply(call, answer)

    def _refuse(self, call: e.CallArrived, error: r.WireError) -> None:
        self._peer.reply_error(call, self._spoilt(error))

    def _spoilt(self, error: r.WireError) -> r.WireError:
        if self.faults.translated:
            error = error.replace(message="Fehler: Das ging schief", str1="Fehler: %s")
        if self.faults.error_code is not None:
            error = error.replace(code=self.faults.error_code)
        return error

    # --- streams ---------------------------------------------------------------------------------

    def _open_stream(self, call: e.CallArrived, opened: OpenedStream) -> None:
        serial, target = call.serial, opened.target
        if not self._pipe_is_open or serial in self._jobs or len(self._jobs) >= MAX_STREAMS:
            opened.close()
            self._refuse(call, in_words(Code.OPERATION_INVALID, "too many open streams").error)
            return
        self._peer.reply(call, Void())
        sparse = bool(target.flags & 1)
        if call.procedure.kind is Kind.UPLOAD:
            receiver = UploadReceiver(sparse=sparse, length=target.length)
            receiver.opened()
            self._jobs[serial] = UploadJob(
                opened.descriptor,
                receiver,
                target.offset,
                faults=self.faults,
                confirm=lambda: self._confirm(serial),
                fail=lambda error, as_reply: self._fail(call, error, as_reply=as_reply),
                hold=lambda on: self._hold(serial, on=on),
                keep=self._keep_memory,
                over=lambda: self._stream_over(serial, opened),
            )
            return
        sender = DownloadSender(sparse=sparse, length=target.length)
        sender.opened()
        if self.faults.data_before_reply:
            self._held, self._early = self._peer.data_to_send(), 0
        self._jobs[serial] = DownloadJob(
            opened.descriptor,
            sender,
            target.offset,
            faults=self.faults,
            wire=self._wire(serial, call),
            over=lambda: self._stream_over(serial, opened),
        )

    def _wire(self, serial: int, call: e.CallArrived) -> Wire:
        def flushed(send: Callable[[], None]) -> None:
            send()
            self._flush()

        def header(size: int) -> bytes:
            self._flush()
            if self._early == EARLY_PACKETS and self._held:
                self._pipe.write(*self._held)
                self._held = []
            self._early += 1
            self._cut_if_due()
            return self._peer.data_header(serial, size)

        return Wire(
            self._pipe,
            header=header,
            hole=lambda length: flushed(lambda: self._peer.send_hole(serial, length)),
            end=lambda: flushed(lambda: self._peer.send_end(serial)),
            confirm=lambda: self._confirm(serial),
            fail=lambda error: self._fail(call, error, as_reply=False),
        )

    def _confirm(self, serial: int) -> None:
        self._peer.send_finish(serial)
        self._flush()

    def _fail(self, call: e.CallArrived, error: r.WireError, *, as_reply: bool) -> None:
        if as_reply:
            self._peer.reply_error(call, self._spoilt(error))
        else:
            self._peer.send_stream_error(call.serial, self._spoilt(error))
        if self.faults.ok_after_error:
            self._peer.send_finish(call.serial)
        self._flush()

    def _hold(self, serial: int, *, on: bool) -> None:
        if on:
            self._intake.hold(serial)
        else:
            self._intake.release(serial)

    def _keep_memory(self, piece: memoryview) -> Callable[[], None] | None:
        """Have what came stay as it is, until what is returned is called; None: it cannot."""
        if isinstance(piece.obj, bytes):
            return _nothing  # it waited, and is nobody else's
        return self._pipe.keep(piece) if isinstance(self._pipe, LendingPipe) else None

    def _stream_over(self, serial: int, opened: OpenedStream) -> None:
        self._jobs.pop(serial, None)
        self._peer.close_stream(serial)
        opened.over()

    # --- sending ---------------------------------------------------------------------------------

    @property
    def _pipe_is_open(self) -> bool:
        return self.caller.connected

    def _flush(self) -> int:
        """Send what there is to be sent; return how many messages that were."""
        out = self._peer.data_to_send()
        count = len(out)
        if not out or self._silent or not self.caller.connected:
            return count
        if self._held:
            # The reply that the first packet was to overtake comes behind it.
            out, self._held = [*out, *self._held], []
        if self.faults.half_a_header:
            out, self._silent = [out[0][:14]], True
        elif self.faults.oversize:
            out = [b"\x7f\xff\xff\xff" + out[0][4:]]
        # In one piece: small ones are many times their size in the pipe's queue.
        self._pipe.write(*out) if len(out) == 1 else self._pipe.write(b"".join(out))
        self._watch_unsent()
        self._cut_if_due()
        return count

    def _cut_if_due(self) -> None:
        cut = self.faults.cut_after_sending
        if cut is not None and self._pipe.bytes_written >= cut:
            self._pipe.close()

    def _watch_unsent(self) -> None:
        """Do not read a client that does not read us."""
        if not self._intake.is_held_by(UNSENT):
            self._intake.hold(UNSENT)
            self._keep(self._sent())

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside, and hold on to it."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _close_when_sent(self) -> None:
        with suppress(LacunaError):
            await self._pipe.drain()
        self._pipe.close()

    async def _sent(self) -> None:
        try:
            await self._pipe.drain()
        except LacunaError:
            return
        self._unread_events = 0
        self._intake.release(UNSENT)
        self._requests.begin()

    def _ping(self) -> None:
        self._peer.ping()
        self._flush()

    def _start_pinging(self) -> None:
        if not self.faults.never_pings:
            self._keepalive.start()


def _nothing() -> None:
    """Give nothing back."""


def _take_content(job: UploadJob, event: e.StreamData | e.StreamHole | e.StreamEnd) -> None:
    match event:
        case e.StreamData(_, data):
            job.data(data)
        case e.StreamHole(_, length, flags):
            job.hole(length, flags)
        case e.StreamEnd():
            job.end()


def _take_end(
    job: UploadJob | DownloadJob, event: e.StreamFinished | e.StreamAborted | e.StreamRefused
) -> None:
    match event:
        case e.StreamFinished():
            job.finished()
        case e.StreamAborted():
            job.aborted()
        case e.StreamRefused(_, error):
            # The peer has answered already, and has forgotten the stream.
            job.lost(ProtocolError(error.message or ""))
