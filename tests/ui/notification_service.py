"""A notification service as desktops have it: tells what it is asked, and clicks on it.

Run on a bus of its own by test_desktop.py.
"""

from __future__ import annotations

import json
import sys

from jeepney import DBusAddress, HeaderFields, MessageType, new_error, new_method_return, new_signal  # type: ignore[import-untyped]
from jeepney.bus_messages import message_bus  # type: ignore[import-untyped]
from jeepney.io.blocking import open_dbus_connection  # type: ignore[import-untyped]

NAME = "org.freedesktop.Notifications"


def main() -> None:
    features = json.loads(sys.argv[1])
    bus = open_dbus_connection()
    bus.send_and_get_reply(message_bus.RequestName(NAME))
    print(json.dumps("ready"), flush=True)
    while True:
        message = bus.receive()
        if message.header.message_type is not MessageType.method_call:
            continue
        member = message.header.fields[HeaderFields.member]
        if member == "GetCapabilities":
            bus.send(new_method_return(message, "as", (features,)))
        elif member == "Notify" and message.header.fields[HeaderFields.signature] == (
            "susssasa{sv}i"
        ):
            print(json.dumps(message.body), flush=True)
            bus.send(new_method_return(message, "u", (7,)))
            where = DBusAddress("/org/freedesktop/Notifications", interface=NAME)
            bus.send(new_signal(where, "ActionInvoked", "us", (8, "default")))
            bus.send(new_signal(where, "ActionInvoked", "us", (7, "default")))
        else:
            bus.send(new_error(message, "org.freedesktop.DBus.Error.UnknownMethod", "s", ("no",)))


if __name__ == "__main__":
    main()
