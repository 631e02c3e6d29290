#!/bin/sh
# Unpacks Debian's rsyslog and those of its libraries that the system lacks into DIR (default third_party/rsyslog,
# git-ignored), for the tests of exporters/syslog. Nothing is installed, no service is started, and apt's own lists and
# cache stay as they are; it works as root and as an ordinary user. The version is the one that Debian offers today,
# because Debian removes older ones; DIR/VERSION names it.
#
# Where rsyslog cannot be had, it says so and succeeds, so that the tests can be skipped; with CI=true it fails.
set -eu
cd "$(dirname "$0")/../.."
out=${1:-third_party/rsyslog}

if [ -s "$out/VERSION" ] && [ -x "$out/usr/sbin/rsyslogd" ]; then
  exit 0
fi

work=
trap '[ -z "$work" ] || rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

unavailable() {
  echo "unpack-rsyslog: $1; the tests against a real rsyslog cannot run" >&2
  [ "${CI:-}" = true ] && exit 1
  exit 0
}

for tool in apt-get apt-cache dpkg-deb dpkg-query ldd; do
  command -v "$tool" >/dev/null || unavailable "$tool is not on this system (Debian or one of its descendants is expected)"
done

mkdir -p "$(dirname "$out")"
work=$(mktemp -d "$out.XXXXXX")
work=$(cd "$work" && pwd)
mkdir -p "$work/debs" "$work/root" "$work/apt/lists/partial" "$work/apt/cache/archives/partial"
: >"$work/log"

# private runs an apt command whose every written file lies under $work. $lists is the folder with the package lists.
lists=/var/lib/apt/lists
private() {
  command=$1
  shift
  "$command" -q -o Dir::State::Lists="$lists" -o Dir::Cache="$work/apt/cache" -o APT::Sandbox::User="$(id -un)" \
    -o Acquire::Retries=3 -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 "$@" >>"$work/log" 2>&1
}

# fetch downloads one package into $work/debs. The system's lists may be missing, or so old that the mirror no longer has
# the file that they name; then fresh ones are fetched, once.
fetch() {
  (cd "$work/debs" && private apt-get download "$1") && return
  [ "$lists" = /var/lib/apt/lists ] || return 1
  lists=$work/apt/lists
  private apt-get update || true
  (cd "$work/debs" && private apt-get download "$1")
}

installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Follow the dependencies, the first of each group of alternatives, down to what the system has.
seen=' '
todo=rsyslog
while [ -n "$todo" ]; do
  next=
  for package in $todo; do
    case "$seen" in *" $package "*) continue ;; esac
    seen="$seen$package "
    if ! fetch "$package"; then
      tail -n 3 "$work/log" >&2
      unavailable "apt-get could not download $package"
    fi
    deb=$(ls "$work/debs/${package}"_*.deb)
    dpkg-deb -x "$deb" "$work/root"
    for dependency in $(dpkg-deb -f "$deb" Depends | tr ',' '\n' | sed 's/|.*//; s/(.*//; s/:any//; s/ //g'); do
      installed "$dependency" || next="$next $dependency"
    done
  done
  todo=$next
done

version=$(dpkg-deb -f "$work"/debs/rsyslog_*.deb Version)
libraries=$(find "$work/root" -name 'lib*.so.*' -exec dirname {} + | sort -u | tr '\n' ':')
missing=$(find "$work/root/usr/sbin/rsyslogd" "$work/root/usr/lib" -type f \( -name rsyslogd -o -name imtcp.so \) \
  -exec env LD_LIBRARY_PATH="$libraries" ldd {} \; 2>&1 | grep 'not found' || true)
[ -z "$missing" ] || unavailable "rsyslog $version is unpacked, but libraries are missing: $missing"

echo "$version" >"$work/root/VERSION"
rm -rf "$out"
mv "$work/root" "$out"
echo "unpack-rsyslog: rsyslog $version is in $out" >&2
