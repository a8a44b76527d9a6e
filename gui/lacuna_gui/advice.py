"""What the engine advises, in sentences that are translated as a whole.

What varies in them is numbered in braces.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QT_TRANSLATE_NOOP

__all__ = ["ADVICE", "OTHER_ADVICE"]

ADVICE: Final = (
    QT_TRANSLATE_NOOP("Advice", "It may have been removed."),
    QT_TRANSLATE_NOOP("Advice", "Refresh the list: it may have been removed."),
    QT_TRANSLATE_NOOP("Advice", "Choose another name, or say that it may be replaced or skipped."),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Do not ask to keep the old content, or upload it under another name.",
    ),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Make room in the pool, or do not ask to keep the old content: then it is given up first.",
    ),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Shut it down first. If you ask for it, it is written to all the same, which destroys "
        "what the machine has on it.",
    ),
    QT_TRANSLATE_NOOP("Advice", "Try again to start over, which gives up what has arrived."),
    QT_TRANSLATE_NOOP("Advice", "Choose the format as detected, or raw to send it as it is."),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Both sides are kept. Start the transfer again, and let it replace what is there.",
    ),
    QT_TRANSLATE_NOOP("Advice", "Start the pool {0} first."),
    QT_TRANSLATE_NOOP("Advice", "Write auth=sasl, sasl.NAME or polkit."),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Your user may not manage libvirt here. Ask to be added to the group 'libvirt' and "
        "log in again; or let the polkit agent of your desktop ask for a password; or use "
        "your own daemon, qemu:///session.",
    ),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Your user may not manage libvirt there, and nobody can be asked for a password over "
        "SSH. Ask to be added to the group 'libvirt' on that host, or log in as root@HOST.",
    ),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Your user may not manage libvirt there. Ask to be added to the group 'libvirt' and "
        "log in again, or use a connection as root or the session connection.",
    ),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Your user may not manage libvirt here. Ask to be added to the group 'libvirt' and "
        "log in again, or use the session connection (qemu:///session).",
    ),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Ask to be added to the group 'libvirt' on that host, or log in as root "
        "(qemu+ssh://root@host/system).",
    ),
    QT_TRANSLATE_NOOP("Advice", "A slow disk can stall the whole daemon; it may answer later."),
    QT_TRANSLATE_NOOP(
        "Advice",
        "The daemon may be stalled by a slow disk, or is no libvirt daemon.",
    ),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Check the port: 16509 is plain TCP, 16514 TLS. The daemon may also have too many "
        "clients; its log says so.",
    ),
    QT_TRANSLATE_NOOP("Advice", "The network may be down or the host asleep."),
    QT_TRANSLATE_NOOP("Advice", "Use TLS with a certificate that is checked, or SSH."),
    QT_TRANSLATE_NOOP("Advice", "Known are {0}."),
    QT_TRANSLATE_NOOP("Advice", "Known ones: {0}."),
    QT_TRANSLATE_NOOP("Advice", "Known modes: auto, direct, legacy."),
    QT_TRANSLATE_NOOP("Advice", "Known transports: {0}."),
    QT_TRANSLATE_NOOP("Advice", "Supported now: {0}."),
    QT_TRANSLATE_NOOP("Advice", "Aliases in libvirt.conf: {0}."),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Get one with kinit, use SSH, or have scram-sha-256 added to mech_list in the "
        "daemon's /etc/sasl2/libvirt.conf.",
    ),
    QT_TRANSLATE_NOOP(
        "Advice",
        "The daemon's administrator sets them with mech_list in /etc/sasl2/libvirt.conf.",
    ),
    QT_TRANSLATE_NOOP("Advice", "Use TLS or SSH."),
    QT_TRANSLATE_NOOP("Advice", "Use TLS or SSH rather than plain TCP."),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Use TLS or SSH, or have digest-md5 added to mech_list in /etc/sasl2/libvirt.conf.",
    ),
    QT_TRANSLATE_NOOP("Advice", "`klist` shows your tickets, and `kinit` gets one."),
    QT_TRANSLATE_NOOP(
        "Advice",
        "They are from {0}. The daemon does not say which of the two is wrong; its users are "
        "set with saslpasswd2 -a libvirt USER.",
    ),
    QT_TRANSLATE_NOOP(
        "Advice",
        "The daemon does not say which of the two is wrong; its users are set with "
        "saslpasswd2 -a libvirt USER.",
    ),
    QT_TRANSLATE_NOOP(
        "Advice",
        "User name and password can also be in libvirt's auth.conf (LIBVIRT_AUTH_FILE, or "
        "~/.config/libvirt/auth.conf).",
    ),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Its log says why; mech_list in /etc/sasl2/libvirt.conf names the mechanisms.",
    ),
    QT_TRANSLATE_NOOP(
        "Advice",
        "The daemon, or something between, is faulty or hostile; try another mechanism with "
        "?auth=sasl.NAME, or another transport.",
    ),
    QT_TRANSLATE_NOOP(
        "Advice",
        "It may not be the daemon it claims to be. Do not go on before you know why.",
    ),
    QT_TRANSLATE_NOOP("Advice", "Most likely the pool is full; look at its free space."),
    QT_TRANSLATE_NOOP("Advice", "Make sure that nothing writes to the image, and start again."),
    QT_TRANSLATE_NOOP("Advice", "Name an image file or a block device."),
    QT_TRANSLATE_NOOP("Advice", "Stop what is writing to it, then try again."),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Lacuna needs a folder for its data that it may write to, with some room.",
    ),
    QT_TRANSLATE_NOOP("Advice", "Lacuna needs a folder for its data that it may write to."),
    QT_TRANSLATE_NOOP("Advice", "The disk is full: make some room."),
    QT_TRANSLATE_NOOP("Advice", "Another Lacuna is busy with it; try again in a moment."),
    QT_TRANSLATE_NOOP("Advice", "Check the permissions of the file and its folder."),
    QT_TRANSLATE_NOOP("Advice", "Give more digits."),
    QT_TRANSLATE_NOOP("Advice", "Try again."),
    QT_TRANSLATE_NOOP(
        "Advice",
        "A name has letters, digits, spaces and . + @ _ -, begins with a letter or a digit, "
        "and has {0} characters at most.",
    ),
    QT_TRANSLATE_NOOP("Advice", "Choose another."),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Leave it out; it is asked for when it is needed, and can be kept in the keyring.",
    ),
    QT_TRANSLATE_NOOP("Advice", "Leave it out; it is asked for when it is needed."),
    QT_TRANSLATE_NOOP("Advice", "Or write auto."),
    QT_TRANSLATE_NOOP("Advice", "Use that version, or move the file away to begin anew."),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Connect with read-write access; a read-only connection only browses.",
    ),
    QT_TRANSLATE_NOOP("Advice", "Make room in the pool and try again."),
    QT_TRANSLATE_NOOP("Advice", "Make room in the pool, or choose another one."),
    QT_TRANSLATE_NOOP("Advice", "Make room there, or choose another folder."),
    QT_TRANSLATE_NOOP("Advice", "The pool's file system does not allow a file of that size."),
    QT_TRANSLATE_NOOP(
        "Advice",
        "The daemon may not use that file; look at its owner, mode and labels.",
    ),
    QT_TRANSLATE_NOOP("Advice", "The pool's file system is mounted read-only."),
    QT_TRANSLATE_NOOP("Advice", "Choose a shorter name; the limit is 255 bytes."),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Something other than libvirt's RPC answers there, or the link is damaged.",
    ),
    QT_TRANSLATE_NOOP("Advice", "Of the control characters only tab and newline are accepted."),
    QT_TRANSLATE_NOOP("Advice", "Start it over."),
    QT_TRANSLATE_NOOP("Advice", "Choose another pool or another name."),
    QT_TRANSLATE_NOOP("Advice", "Upload to {0}/{1}."),
    QT_TRANSLATE_NOOP("Advice", "Choose or create a larger volume."),
    QT_TRANSLATE_NOOP("Advice", "Make sure that no virtual machine uses it, and start again."),
    QT_TRANSLATE_NOOP("Advice", "Resume the job: what is missing is to give the volume its name."),
    QT_TRANSLATE_NOOP("Advice", "Make it first, or choose another one."),
    QT_TRANSLATE_NOOP("Advice", "Check the parameter 'command' of the URI."),
    QT_TRANSLATE_NOOP("Advice", "Check the parameter 'keyfile' of the URI."),
    QT_TRANSLATE_NOOP("Advice", "Write ?command=/path/of/the/program."),
    QT_TRANSLATE_NOOP("Advice", "Set TMPDIR to a folder of yours with a short path."),
    QT_TRANSLATE_NOOP("Advice", "Name a host, for example qemu+ssh://root@host/system."),
    QT_TRANSLATE_NOOP("Advice", "A URI looks like qemu:///system or qemu+ssh://user@host/system."),
    QT_TRANSLATE_NOOP("Advice", "Correct or remove the file."),
    QT_TRANSLATE_NOOP("Advice", "It should look like name=qemu+ssh://host/system."),
    QT_TRANSLATE_NOOP("Advice", "Use qemu+ssh://user@host/system instead."),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Install and start libvirt's daemon there, or name its socket with ?socket=PATH.",
    ),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Get cacert.pem from whoever set up the server, or name its folder with ?pkipath=FOLDER.",
    ),
    QT_TRANSLATE_NOOP("Advice", "A client certificate and its key belong together."),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Use a key from an agent, or start this where a question can be answered.",
    ),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Compare the fingerprint with the host's, and connect once with ssh to accept it.",
    ),
    QT_TRANSLATE_NOOP("Advice", "Compare its fingerprint with the host's, and accept it."),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Ask its administrator. Only if the new key is right, remove the old one: ssh-keygen "
        "-R '{0}'",
    ),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Check user name, key and password; `ssh -v` to the host shows what is tried.",
    ),
    QT_TRANSLATE_NOOP("Advice", "Leave out no_tty, or use a key."),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Name the right key with ?keyfile=PATH, and set IdentitiesOnly in ~/.ssh/config.",
    ),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Start it there (systemctl start libvirtd, or virtqemud and virtstoraged), or name "
        "its socket with ?socket=PATH.",
    ),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Install libvirt's daemon package on that host, which brings virt-ssh-helper, or "
        "netcat (netcat-openbsd).",
    ),
    QT_TRANSLATE_NOOP("Advice", "Check its spelling, and your name server or VPN."),
    QT_TRANSLATE_NOOP("Advice", "Check its spelling."),
    QT_TRANSLATE_NOOP("Advice", "Check the port, and that sshd runs on that host."),
    QT_TRANSLATE_NOOP("Advice", "Check the port, and the log of sshd on that host."),
    QT_TRANSLATE_NOOP("Advice", "Check the address, the network and the firewall."),
    QT_TRANSLATE_NOOP("Advice", "Check the network or VPN."),
    QT_TRANSLATE_NOOP("Advice", "The host may be very old; allow what it offers in ~/.ssh/config."),
    QT_TRANSLATE_NOOP("Advice", "Install it (pip install bcrypt), or add the key to an agent."),
    QT_TRANSLATE_NOOP("Advice", "`ssh -v` to the host shows where it stops."),
    QT_TRANSLATE_NOOP("Advice", "Leave it out: the host's own daemons are found by themselves."),
    QT_TRANSLATE_NOOP("Advice", "Known ones: normal, auto, ignore."),
    QT_TRANSLATE_NOOP("Advice", "Check that libvirt's daemon listens on TCP there (listen_tcp)."),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Check that libvirt's daemon listens on TLS there (listen_tls, libvirtd-tls).",
    ),
    QT_TRANSLATE_NOOP(
        "Advice",
        "It may be a port without TLS (16509 is plain TCP, 16514 TLS), or be stalled.",
    ),
    QT_TRANSLATE_NOOP("Advice", "It may be a port without TLS (16509 is plain TCP, 16514 TLS)."),
    QT_TRANSLATE_NOOP("Advice", "Check the port: 16514 is libvirt's."),
    QT_TRANSLATE_NOOP("Advice", "Port 16514 is TLS, 16509 plain TCP."),
    QT_TRANSLATE_NOOP(
        "Advice",
        "It may be missing, expired, revoked, of another CA or not on the server's list; the "
        "reason is in the server's log.",
    ),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Use the name that is in the certificate, or have one issued for this name.",
    ),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Put clientcert.pem and clientkey.pem into ~/.pki/libvirt or /etc/pki/libvirt, or "
        "name their folder with ?pkipath=FOLDER.",
    ),
    QT_TRANSLATE_NOOP(
        "Advice",
        "Levels (NORMAL, PFS, SECURE128, SECURE256) and versions (-VERS-TLS1.3) can.",
    ),
    QT_TRANSLATE_NOOP("Advice", "Check that cacert.pem is the one of the server's CA ({0})."),
    QT_TRANSLATE_NOOP("Advice", "Check cacert.pem ({0})."),
    QT_TRANSLATE_NOOP("Advice", "Check the clocks of both machines."),
    QT_TRANSLATE_NOOP(
        "Advice",
        "It must be renewed on the server. Check the clock of this machine too.",
    ),
    QT_TRANSLATE_NOOP("Advice", "Do not connect; ask the server's administrator."),
    QT_TRANSLATE_NOOP("Advice", "Check cacrl.pem ({0})."),
    QT_TRANSLATE_NOOP("Advice", "Check {0} and the clock."),
    QT_TRANSLATE_NOOP("Advice", "Renew {0}."),
    QT_TRANSLATE_NOOP("Advice", "It must be issued anew, for TLS servers."),
    QT_TRANSLATE_NOOP("Advice", "It must be issued anew, with a longer key."),
    QT_TRANSLATE_NOOP("Advice", "The CA needs a longer key."),
    QT_TRANSLATE_NOOP("Advice", "It must be issued anew."),
    QT_TRANSLATE_NOOP("Advice", "The complete image is in the volume {0}/{1}."),
    QT_TRANSLATE_NOOP("Advice", "The incomplete volume '{0}' could not be removed; delete it."),
    QT_TRANSLATE_NOOP("Advice", "What was written is kept as {0}."),
    QT_TRANSLATE_NOOP(
        "Advice",
        "The daemon waits half a minute for the answer to polkit's question. Connect again "
        "and give it sooner, or ask to be added to the group 'libvirt', whose members are not "
        "asked.",
    ),
)
"""The advice as the window gives it."""

OTHER_ADVICE: Final = {
    "'lacuna jobs' lists them.": ("It may have been removed."),
    "List the pools with 'lacuna ls URI'; it may have been removed.": (
        "Refresh the list: it may have been removed."
    ),
    "List the volumes with 'lacuna ls URI POOL'; it may have been removed.": (
        "Refresh the list: it may have been removed."
    ),
    "Choose another name, or what to do with --if-exists.": (
        "Choose another name, or say that it may be replaced or skipped."
    ),
    "Choose another name, or --if-exists replace, rename or skip.": (
        "Choose another name, or say that it may be replaced or skipped."
    ),
    "Leave --keep-until-complete out, or upload it under another name.": (
        "Do not ask to keep the old content, or upload it under another name."
    ),
    "Make room in the pool, or leave --keep-until-complete out: then the old content is given "
    "up first.": (
        "Make room in the pool, or do not ask to keep the old content: then it is given up first."
    ),
    "Shut it down first. --force writes to the volume all the same, which destroys what the "
    "machine has on it.": (
        "Shut it down first. If you ask for it, it is written to all the same, which destroys "
        "what the machine has on it."
    ),
    "Start over (lacuna resume --start-over), which gives up what has arrived.": (
        "Try again to start over, which gives up what has arrived."
    ),
    "Leave --format out, or give raw to send it as it is.": (
        "Choose the format as detected, or raw to send it as it is."
    ),
    "Both sides are kept. Start the transfer again with --if-exists replace.": (
        "Both sides are kept. Start the transfer again, and let it replace what is there."
    ),
    "Start it first, for example with: virsh pool-start {0}": ("Start the pool {0} first."),
    "Your user may not manage libvirt here. Ask to be added to the group 'libvirt' and log in "
    "again; or let a polkit agent ask for a password, which a desktop session has and "
    "pkttyagent is for a terminal; or run this as root; or use your own daemon, "
    "qemu:///session.": (
        "Your user may not manage libvirt here. Ask to be added to the group 'libvirt' and "
        "log in again; or let the polkit agent of your desktop ask for a password; or use "
        "your own daemon, qemu:///session."
    ),
    "Check the address, network and firewall.": (
        "Check the address, the network and the firewall."
    ),
}
"""Advice that speaks of a command line, and what the window says instead."""
