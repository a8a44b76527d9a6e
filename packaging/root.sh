# shellcheck shell=sh
# Sourced by fresh-machine and deb/check: a bare Debian root that is gone when the script ends.
#
# It knows what this machine knows about reaching the network, and nothing else of it: apt's
# sources and its Acquire settings, pip's index, proxy and certificate. Indexes in folders of this
# machine are left out, since a fresh one has none.

ROOT=

# in_namespaces "$@": the calling script starts anew where its mounts and processes die with it.
in_namespaces() {
    if [ "$(id -u)" -ne 0 ]; then die 'making a bare root needs root'; fi
    if [ -n "${LACUNA_IN_NAMESPACES:-}" ]; then return 0; fi
    export LACUNA_IN_NAMESPACES=yes
    exec unshare --mount --propagation private --pid --fork --kill-child --mount-proc "$0" "$@"
}

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Left by a killed script this would be a folder without mounts: safe to remove.
remove_root() {
    status=$?
    trap - EXIT
    if [ -n "$ROOT" ]; then
        for point in sys dev proc; do umount -R -l "$ROOT/$point" 2>/dev/null || :; done
        umount -l "$ROOT" 2>/dev/null || :
        rm -rf --one-file-system "$ROOT"
    fi
    exit "$status"
}

# The archives of this machine's own release, as "URI RELEASE COMPONENT" lines.
archives() {
    # shellcheck disable=SC2016 # apt fills these in
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
        'Created-By: Packages' "Origin: $1" | sort -u
}

# make_root PACKAGE,PACKAGE...: sets ROOT.
make_root() {
    for program in debootstrap unshare apt-get; do
        command -v "$program" >/dev/null || die "$program is missing: apt-get install $program"
    done
    # shellcheck source=/dev/null
    release=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
    # shellcheck source=/dev/null
    origin=$(. /etc/os-release && printf '%s' "$ID" | sed 's/./\u&/')
    mirror=$(archives "$origin" | awk -v release="$release" '$2 == release { print $1; exit }')
    [ -n "$mirror" ] || die "apt knows no archive of $release: run apt-get update"

    ROOT=$(mktemp -d "${TMPDIR:-/var/tmp}/lacuna-root.XXXXXX")
    trap remove_root EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    chmod 755 "$ROOT"
    # A mount point, so that what runs in it can make mount namespaces of its own.
    mount --bind "$ROOT" "$ROOT"
    debootstrap --variant=minbase ${1:+--include="$1"} "$release" "$ROOT" "$mirror" \
        >"$ROOT/debootstrap.log" 2>&1 || {
        tail -n 20 "$ROOT/debootstrap.log" >&2
        die 'debootstrap failed'
    }
    rm -f "$ROOT/debootstrap.log"
    bring_network "$origin"
    mount -t proc proc "$ROOT/proc"
    mount --rbind /sys "$ROOT/sys"
    mount --rbind /dev "$ROOT/dev"
}

bring_network() {
    archives "$1" | sed 's/^/deb /' >"$ROOT/etc/apt/sources.list"
    apt-config dump | grep -E '^Acquire::(https?|Check|Retries|ForceIPv4)' \
        >"$ROOT/etc/apt/apt.conf.d/90network" || :
    for file in /etc/resolv.conf /etc/hosts; do
        if [ -e "$file" ]; then cat "$file" >"$ROOT$file"; fi
    done
    # How whatever runs there is started: with what pip here has been told about the network.
    {
        printf '#!/bin/sh\n'
        bring_pip
        for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
            eval "value=\${$name:-}"
            if [ -n "$value" ]; then export_line "$name" "$value"; fi
        done
        # shellcheck disable=SC2016 # the arguments of the script that is written
        printf 'exec "$@"\n'
    } >"$ROOT/usr/local/bin/with-network"
    chmod 755 "$ROOT/usr/local/bin/with-network"
}

# export_line NAME VALUE
export_line() { printf "export %s='%s'\n" "$1" "$(printf '%s' "$2" | sed "s/'/'\\\\''/g")"; }

bring_pip() {
    pip_settings | while IFS='=' read -r name value; do
        case $name in
        CERT)
            # Under a name of its own: the package ca-certificates writes the usual one anew.
            cp "$value" "$ROOT/etc/pip-ca.crt"
            export_line PIP_CERT /etc/pip-ca.crt
            ;;
        EXTRA_INDEX_URL)
            remote=$(printf '%s\n' "$value" | tr ' ' '\n' | grep '^https\{0,1\}:' | tr '\n' ' ')
            if [ -n "$remote" ]; then export_line PIP_EXTRA_INDEX_URL "${remote% }"; fi
            ;;
        INDEX_URL | PROXY | TRUSTED_HOST | DEFAULT_TIMEOUT | RETRIES)
            export_line "PIP_$name" "$value"
            ;;
        esac
    done
}

# NAME=VALUE for each setting that pip would use here; a later line replaces an earlier one.
pip_settings() {
    python3 -m pip config list 2>/dev/null | sort -r |
        sed -nE "s/^(global|:env:)\.([a-z-]+)='(.*)'\$/\2=\3/p" | sed 's/\\n/ /g' |
        while IFS='=' read -r name value; do
            printf '%s=%s\n' "$(printf '%s' "$name" | tr a-z- A-Z_)" "$value"
        done
}

# in_root COMMAND...: run it there as root with a plain environment.
in_root() {
    chroot "$ROOT" /usr/bin/env -i HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        DEBIAN_FRONTEND=noninteractive /usr/local/bin/with-network "$@"
}
