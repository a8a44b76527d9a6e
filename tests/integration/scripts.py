"""Shell scripts of the private libvirtd: how it is entered, and how it is cleaned up after."""

# Runs inside the new mount namespace: pairs of source and target, "--", then the daemon.
# A target in /var that is missing on this machine gets a tmpfs above it, so that no folder is
# created on the machine itself; one in /etc must exist, as the rest of /etc is needed.
ENTER = """
set -e
while [ "$1" != -- ]; do
    case $2 in
    /var/*/*) [ -d "$2" ] || { mount -t tmpfs none "${2%/*}" && mkdir "$2"; } ;;
    esac
    mount --bind "$1" "$2"
    shift 2
done
shift
exec "$@"
"""

# In a chroot "/" is usually no mount, and how mounts below it spread cannot be set. The daemon then
# gets a recursive bind of it as its "/", which can: $1, a folder in a private mount.
CHROOT = """
set -e
mount --rbind / "$1"
mount --make-rslave "$1"
exec chroot "$@"
"""

# Waits for the end of its standard input, which comes when the owner closes it or dies in any
# way, and then leaves nothing behind: no daemon, no mount, no loop device, no file. $1 = the
# temporary directory. The daemon, found by its configuration file among its arguments, leads a
# process group of its own; its children end with it. (The brackets keep grep from finding itself.)
REAPER = r"""
cat >/dev/null
for entry in $(grep -lzx -e "$1/libvirtd[.]conf" /proc/[0-9]*/cmdline 2>/dev/null); do
    pid=${entry#/proc/}
    kill -s KILL -- "-${pid%/cmdline}" 2>/dev/null || :
done
mounted() { findmnt -rno TARGET | grep -F -e "$1/"; }
status=0
for attempt in 1 2 3 4 5 6 7 8 9 10; do
    for mount in mounts jail; do umount -R "$1/$mount" 2>/dev/null || :; done
    mounted "$1" >/dev/null || break
    sleep 0.1
done
if mounted "$1"; then
    for mount in mounts jail; do umount -Rl "$1/$mount"; done
    status=1
fi
for image in "$1"/images/*; do
    losetup -j "$image" 2>/dev/null | while IFS=: read -r device _; do losetup -d "$device"; done
done
rm -rf --one-file-system "$1"
exit "$status"
"""
