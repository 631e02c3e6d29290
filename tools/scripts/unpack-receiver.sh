#!/bin/sh
# unpack-receiver.sh rsyslog|syslog-ng [DIR]
#
# Unpacks a syslog receiver of Debian's, with TLS, and those of its libraries that the system lacks, into DIR (default
# third_party/NAME, git-ignored), for the tests of exporters/syslog. Nothing is installed, because the two packages exclude each
# other, no service is started, and apt's own lists and cache stay as they are; it works as root and as an ordinary user. The version
# is the one that Debian offers today, because Debian removes older ones; DIR/VERSION names it.
#
# Where the receiver cannot be had, it says so and succeeds, so that the tests can be skipped; with CI=true it fails.
set -eu
cd "$(dirname "$0")/../.."
name=${1:-}
out=${2:-third_party/$name}
# needed are what the tests run: the program and the modules that are loaded by it, whose libraries are looked for as well.
case "$name" in
  rsyslog) packages='rsyslog rsyslog-openssl' program=usr/sbin/rsyslogd needed='rsyslogd imtcp.so imudp.so lmnsd_ossl.so' ;;
  syslog-ng) packages='syslog-ng-core' program=usr/sbin/syslog-ng needed='syslog-ng libafsocket.so libaffile.so libsyslogformat.so' ;;
  *) echo "unpack-receiver: found \"$name\", expected rsyslog or syslog-ng" >&2; exit 2 ;;
esac

have() { # have ROOT: everything that is needed is there
  [ -x "$1/$program" ] || return 1
  for file in $needed; do
    [ -n "$(find "$1/usr" -name "$file" -type f 2>/dev/null | head -n 1)" ] || return 1
  done
}

if [ -s "$out/VERSION" ] && have "$out"; then
  exit 0
fi

work=
trap '[ -z "$work" ] || rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

unavailable() {
  echo "unpack-receiver: $1; the tests against a real $name cannot run" >&2
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
todo=$packages
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

have "$work/root" || unavailable "not all of these are in the packages: $needed"
version=$(dpkg-deb -f "$work/debs/${packages%% *}"_*.deb Version)
libraries=$(find "$work/root" -name 'lib*.so.*' -exec dirname {} + | sort -u | tr '\n' ':')
missing=$(for file in $needed; do
  find "$work/root/usr" -name "$file" -type f -exec env LD_LIBRARY_PATH="$libraries" ldd {} \;
done 2>&1 | grep 'not found' || true)
[ -z "$missing" ] || unavailable "$name $version is unpacked, but libraries are missing: $missing"

echo "$version" >"$work/root/VERSION"
rm -rf "$out"
mv "$work/root" "$out"
echo "unpack-receiver: $name $version is in $out" >&2
