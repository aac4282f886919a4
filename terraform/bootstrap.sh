#!/bin/sh
# Makes one machine a member of a hashistack cluster: Docker, Consul, Nomad and DNS for .consul, as systemd units.
#
#   check [FOLDER]     say all that stands in the way; change nothing
#   install [FOLDER]   packages, binaries, Docker, DNS, firewall; running agents are not touched
#   start [FOLDER]     configure the agents, (re)start what changed, pass the health gate
#   receive            take Nomad's tokens from stdin
#   remove             leave the cluster, take away all that install and start made
#   report             facts as NAME='value' lines
#
# FOLDER has what was uploaded: node.env, secrets.env, zips; default: where this script is. All can be run at any time:
# what is right is left alone, what was interrupted is finished.

set -eu
umask 077
export LC_ALL=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

WRITTEN=20261121 # no clock is right that shows an earlier day
SETTINGS="CLUSTER NODE_NAME ADDRESS ROLES RACK POOL DATACENTER SERVERS SERVER_COUNT NOMAD_VERSION CONSUL_VERSION
  SOFTWARE_FROM SOFTWARE_URL NOMAD_SHA256_amd64 NOMAD_SHA256_arm64 CONSUL_SHA256_amd64 CONSUL_SHA256_arm64
  IMAGES_MIRROR FIREWALL HOSTS SSH_PORT INGRESS_PORTS VIP VIP_PEERS VIP_PRIORITY SNAPSHOT_EVERY SNAPSHOT_KEEP
  VOLUMES ADOPT"
SECRETS="TLS_CA TLS_CERT TLS_KEY CONSUL_GOSSIP_KEY NOMAD_GOSSIP_KEY CONSUL_AGENT_TOKEN CONSUL_DNS_TOKEN
  CONSUL_NOMAD_TOKEN CONSUL_SNAPSHOT_TOKEN"
TOKENS="NOMAD_NODE_TOKEN NOMAD_SNAPSHOT_TOKEN"

etc=/etc/hashistack
tls=$etc/tls
lib=/usr/local/lib/hashistack
state=/var/lib/hashistack
cache=/var/cache/hashistack
units=/etc/systemd/system
problems=0

# --- telling

say() {
  echo "hashistack: $*"
  logger -t hashistack -- "$*" 2>/dev/null || :
}

warn() { say "warning: $*" >&2; }

problem() { # WHAT HOW: and look for more
  problems=$((problems + 1))
  say "error: $1" >&2
  say "fix: $2" >&2
}

fail() { # WHAT HOW
  problem "$@"
  exit 1
}

fail_with_log() { # UNIT WHAT
  say "the last lines of the journal of $1:" >&2
  journalctl -u "$1" -n 15 --no-pager -o cat >&2 || :
  fail "$2" "put right what journalctl -u $1 says on $NODE_NAME, then run it again"
}

# --- tools

has_role() { case " $ROLES " in *" $1 "*) ;; *) return 1 ;; esac }
is_server() { has_role server; }
is_client() { has_role client || is_ingress; }
is_ingress() { has_role ingress; }
has_vip() { [ -n "$VIP" ] && is_ingress; }
is_active() { systemctl is-active -q "$1"; }
is_missing() { ! command -v "$1" >/dev/null; }
made_by_us() { grep -qs "^# Made by hashistack" "$1"; }
no_process() { ! pgrep -x "$1" >/dev/null; }
architecture() { dpkg --print-architecture; }
# shellcheck disable=SC1091 # every system has it
system() { (. /etc/os-release && echo "$ID ${VERSION_ID:-}"); }
interface() { ip -o -4 address show | awk -v want="$ADDRESS" '{ split($4, a, "/") } a[1] == want { print $2; exit }'; }

# Stdin to a file, whole or not at all; an identical file is left alone: its time says when it changed.
write_file() { # PATH [MODE] [OWNER]
  cat >"$1.new"
  chmod "${2:-0644}" "$1.new"
  chown "${3:-root:root}" "$1.new"
  if cmp -s "$1.new" "$1"; then rm "$1.new"; else sync "$1.new" && mv -f "$1.new" "$1"; fi
}

write_unit() { # NAME DESCRIPTION [WANTED-BY]: the rest on stdin
  {
    printf '# Made by hashistack.\n[Unit]\nDescription=%s (hashistack)\nStartLimitIntervalSec=0\n' "$2"
    cat
    [ -z "${3:-}" ] || printf '\n[Install]\nWantedBy=%s\n' "$3"
  } | write_file "$units/$1"
}

set_aside() { # PATH: what somebody else made is never lost
  [ -e "$1" ] || return 0
  mv -T --backup=numbered "$1" "$1.before-hashistack"
  say "moved $1 to $1.before-hashistack"
}

bring_back() { # PATH
  rm -f "$1"
  [ ! -e "$1.before-hashistack" ] || mv "$1.before-hashistack" "$1"
}

# Noted after the start: a run that is interrupted before it is not forgotten.
fingerprint() { # FILE...
  stat -Lc '%n %y %s' "$@"
  readlink -f "$@"
}

note_start() { (unit=$1 && shift && fingerprint "$@" >"$state/started/$unit"); }
started_with() { [ "$(cat "$state/started/$1" 2>/dev/null)" = "$(shift && fingerprint "$@")" ]; }

ensure_running() { # UNIT FILE...
  systemctl is-enabled -q "$1" 2>/dev/null || systemctl enable -q "$1"
  if is_active "$1" && started_with "$@"; then return; fi
  say "starting $1"
  systemctl daemon-reload
  restart "$1"
  note_start "$@"
}

restart() { # UNIT
  [ "$1" != nomad ] || hand_over_leadership
  systemctl restart "$1" || fail_with_log "$1" "$1 does not start"
}

remove_units() { # UNIT...
  for unit; do
    [ -e "$units/$unit" ] || continue
    systemctl disable -q --now "$unit" 2>/dev/null || :
    rm -f "$units/$unit" "$state/started/${unit%.service}"
  done
}

wait_until() { # SECONDS WHAT COMMAND...
  limit=$1 what=$2 began=$(date +%s) told=3
  shift 2
  until "$@"; do
    waited=$(($(date +%s) - began))
    [ $waited -lt "$limit" ] || return 1
    if [ $waited -ge $told ]; then
      say "waiting for $what (${waited}s of ${limit}s)"
      told=$((told + 10))
    fi
    sleep 0.3
  done
}

ask() { # URL...
  curl -sf --connect-timeout 1 --max-time 3 --cacert $tls/ca.pem --cert $tls/cert.pem --key $tls/key.pem "$@" 2>/dev/null
}

# By stdin: everybody can read command lines.
ask_with_token() { # HEADER TOKEN CURL-ARGUMENT...
  printf 'header = "%s: %s"\n' "$1" "$2" | (shift 2 && ask --config - "$@")
}

# --- settings

load() { # FILE NAMES: a name that the file lacks is empty; nothing but NAME='value' is ever sourced
  for name in $2; do eval "$name="; done
  ! grep -Evq "^([A-Z][A-Za-z0-9_]*='([^']|'\\\\'')*')?\$" "$1" ||
    fail "$1 has a line that is not NAME='value'" "render the stack again; do not edit this file"
  # shellcheck disable=SC1090 # just checked
  . "$1"
}

load_settings() { # [FOLDER]
  file=$etc/node.env
  [ ! -e "${1:-}/node.env" ] || file=$1/node.env
  [ -r "$file" ] || fail "there is no node.env" "upload it beside the script, and run bootstrap.sh install"
  load "$file" "$SETTINGS"
  [ -n "$SERVERS" ] || fail "$file is not complete" "render the stack again and apply it"
  admin_port=${INGRESS_PORTS##* } # the last one, and the only one that is not for everybody
}

load_tokens() {
  [ -r $etc/secrets.env ] || fail "there is no $etc/secrets.env" "upload it, as terraform apply does, and run start"
  load $etc/secrets.env "$SECRETS"
  touch $etc/nomad.env
  load $etc/nomad.env "$TOKENS"
}

keep_uploads() { # FOLDER
  install -d -m 0755 $etc $lib $lib/bin $cache
  install -d -m 0700 $state $state/started
  [ "$1" != $lib ] || return 0
  for name in node.env secrets.env; do
    [ ! -e "$1/$name" ] || write_file $etc/$name 0600 <"$1/$name"
  done
  find "$1" -name '*.zip' -exec mv -f {} $cache/ \;
  [ ! -e "$1/bootstrap.sh" ] || write_file $lib/bootstrap.sh 0755 <"$1/bootstrap.sh"
  case "$1" in */.hashistack) rm -rf "$1" ;; esac
}

# --- check

check_system() {
  [ -d /run/systemd/system ] || problem "systemd does not run this machine" "use a system that boots with systemd"
  case "$(system)" in
    "debian 12" | "debian 13" | "ubuntu 22.04" | "ubuntu 24.04") ;;
    *) problem "$(system) is not supported" "use Debian 12 or 13, Ubuntu 22.04 or 24.04, or 64-bit Raspberry Pi OS" ;;
  esac
  case "$(architecture)" in
    amd64 | arm64) ;;
    *) problem "the architecture $(architecture) is not supported" "install a 64-bit system (amd64 or arm64)" ;;
  esac
  [ -n "$(interface)" ] || problem "$ADDRESS is not an address of this machine" "correct hosts.$NODE_NAME.address"
}

# Raspberry Pi OS switches them off. The fourth column says whether a controller is on.
check_control_groups() {
  ! grep -Eq "^memory.*0$" /proc/cgroups || problem "the kernel does not limit memory, as Nomad needs it" \
    "append cgroup_enable=memory to the line in /boot/firmware/cmdline.txt, then reboot"
}

check_clock() {
  if [ "$(date +%Y%m%d)" -lt $WRITTEN ]; then
    problem "the clock is wrong: $(date)" "let systemd-timesyncd or chrony set it"
  elif [ "$(timedatectl show -p NTPSynchronized --value 2>/dev/null)" = no ]; then
    warn "nothing keeps the clock right, as certificates need it (install systemd-timesyncd or chrony)"
  fi
}

check_room() {
  memory=$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
  [ "$memory" -ge 450 ] || problem "only $memory MiB of memory" "use a machine with 512 MiB, as a server with 1 GiB"
  for folder in /opt /var/lib/docker; do
    [ -d $folder ] || folder=/var/lib
    free=$(df -Pm $folder | awk 'NR == 2 { print $4 }')
    # A member that is short of room can still be repaired; `report` tells of it.
    [ "$free" -ge 2048 ] || [ -e $state/started/nomad ] || problem "only $free MiB free in $folder" "make room: it needs 2048 MiB"
  done
}

is_ours() { # PID: of a unit of ours, or of a container that Nomad made
  grep -Eq '/(consul|nomad|hashistack-[a-z]+)\.service|/nomad(\.slice|/)' "/proc/$1/cgroup" 2>/dev/null && return
  container=$(grep -Eo '[0-9a-f]{64}' "/proc/$1/cgroup" 2>/dev/null | head -n 1)
  [ -n "$container" ] && docker inspect "$container" 2>/dev/null | grep -q com.hashicorp.nomad.alloc_id
}

check_port() { # tcp|udp PORT [ADDRESS-PATTERN]
  taker=$(ss -Hlnp "--$1" "sport = :$2" | grep -E "${3:-.}" | sed -nE 's/.*\(\("([^"]*)",pid=([0-9]*).*/\1 \2/p' | head -n 1)
  case $ADOPT,$taker in 1,consul* | 1,nomad*) return ;; esac # which ends before the port is needed
  if [ -n "$taker" ] && ! is_ours "${taker#* }"; then
    problem "port $2 ($1) is taken by ${taker% *} (pid ${taker#* })" "stop it for good, e.g. systemctl disable --now ${taker% *}"
  fi
}

check_ports() {
  for port in 4646 8301 8500 8501 8600; do check_port tcp $port; done
  check_port udp 8301
  check_port udp 8600
  check_port udp 53 " (127\.0\.0\.1|${bridge%/*}|0\.0\.0\.0|\*|\[::\]):53 "
  if is_server; then
    for port in 4647 4648 8300; do check_port tcp $port; done
    check_port udp 4648
  fi
  ! is_ingress || for port in $INGRESS_PORTS; do check_port tcp "$port"; done
}

foreign_agent() { # consul|nomad: what there is of one that is not ours
  for unit in $units/$1.service /usr/lib/systemd/system/$1.service; do
    if [ -e "$unit" ] && ! made_by_us "$unit"; then echo "the unit $unit" && return; fi
  done
  for pid in $(pgrep -x "$1"); do
    if ! grep -q "/$1\.service" "/proc/$pid/cgroup"; then echo "the process $pid" && return; fi
  done
  [ ! -e $state/cluster ] || return 0 # then these folders are of an earlier installation of ours
  for folder in "/etc/$1.d" "/opt/$1"; do
    if [ -n "$(ls -A "$folder" 2>/dev/null)" ]; then echo "the folder $folder" && return; fi
  done
}

check_foreign() {
  for agent in consul nomad; do
    found=$(foreign_agent $agent)
    [ -z "$found" ] || [ -n "$ADOPT" ] || problem "there is a $agent here that hashistack did not make: $found" \
      "use another machine, or --adopt this one: the other $agent is stopped, its folders are moved aside"
  done
  other=$(cat $state/cluster 2>/dev/null || echo "$CLUSTER")
  [ "$other" = "$CLUSTER" ] || problem "there is data of the cluster $other here" \
    "take that one down with --purge, or delete /opt/consul, /opt/nomad and $state"
}

check_docker() {
  if ! is_client || [ -e $etc/docker.json ] || [ -n "$ADOPT" ]; then return; fi
  running=$(docker ps -q 2>/dev/null | wc -l)
  if [ "$running" != 0 ] || [ -e /etc/docker/daemon.json ]; then
    problem "Docker must be restarted with other settings than $(ls /etc/docker/daemon.json 2>/dev/null || echo "its own"), and runs $running containers" \
      "use another machine, or --adopt this one: containers end, daemon.json is moved aside until hashistack is removed"
  fi
}

check_machine() {
  [ "$(id -u)" = 0 ] || fail "this must be run as root" "log in as root, or as a user with sudo and no password"
  choose_bridge
  check_system
  ! is_client || check_control_groups
  check_clock
  check_room
  check_ports
  check_foreign
  check_docker
  [ $problems = 0 ] || exit 1
}

# --- install: packages and binaries

adopt_foreign_agents() {
  for agent in nomad consul; do
    found=$(foreign_agent $agent)
    [ -n "$found" ] || continue
    say "adopting this machine from another $agent: $found"
    systemctl disable -q --now $agent 2>/dev/null || :
    pkill -x $agent || :
    wait_until 20 "the other $agent to end" no_process $agent || fail "$agent does not end" "stop it by hand"
    set_aside /etc/$agent.d
    set_aside /opt/$agent
    set_aside $units/$agent.service
  done
}

cni_path() { if [ -x /opt/cni/bin/bridge ]; then echo /opt/cni/bin; else echo /usr/lib/cni; fi; }

missing_packages() {
  wanted="curl:curl unzip:unzip openssl:openssl dnsmasq:dnsmasq-base update-ca-certificates:ca-certificates"
  ! is_client || wanted="$wanted dockerd:docker.io iptables:iptables $(cni_path)/bridge:containernetworking-plugins"
  [ "$FIREWALL" != manage ] || wanted="$wanted nft:nftables"
  ! has_vip || wanted="$wanted keepalived:keepalived"
  for pair in $wanted; do ! is_missing "${pair%:*}" || printf '%s ' "${pair#*:}"; done
}

apt() {
  apt-get -qq -y -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold -o Dpkg::Use-Pty=0 "$@" >>$cache/apt.log 2>&1
}

list_packages() { dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' | sed -n 's/^ii //p' | sort; }
list_accounts() { (getent passwd | sed 's/:.*//; s/^/userdel /' && getent group | sed 's/:.*//; s/^/groupdel /') | sort; }

note_what_is_new() { # packages|accounts: `remove` takes away these, and no others
  "list_$1" | comm -13 "$state/$1.before" - >>"$state/$1"
  sort -u -o "$state/$1" "$state/$1"
  rm "$state/$1.before"
}

ensure_packages() {
  packages=$(missing_packages)
  [ -n "$packages" ] || return 0
  say "installing $packages"
  for list in packages accounts; do
    [ -e $state/$list.before ] || "list_$list" >$state/$list.before
  done
  # shellcheck disable=SC2086 # a list of words
  apt install --no-install-recommends $packages || { apt update && apt install --no-install-recommends $packages; } || {
    tail -n 15 $cache/apt.log >&2
    fail "apt-get could not install $packages" "see its lines above; the machine's apt sources must have these packages"
  }
  note_what_is_new packages
  note_what_is_new accounts
}

# Checksums are part of the stack: no mirror and no upload has to be trusted. Version and checksum are in a binary's
# name: the one that runs stays until `start` moves the link.
software() { # consul|nomad: sets version, sum, zip, binary
  case $1 in
    consul) version=$CONSUL_VERSION && eval "sum=\$CONSUL_SHA256_$(architecture)" ;;
    nomad) version=$NOMAD_VERSION && eval "sum=\$NOMAD_SHA256_$(architecture)" ;;
  esac
  zip=${1}_${version}_linux_$(architecture).zip
  binary=$lib/bin/$1-$version-$(printf %.8s "$sum")
  [ -n "$sum" ] || fail "there is no checksum of $zip" "add it to software.checksums in the descriptor"
}

fetch() { # consul|nomad
  [ "$SOFTWARE_FROM" != push ] || fail "$zip was not uploaded" "put it into the folder of the variable \"binaries\""
  url=$SOFTWARE_URL/$1/$version/$zip
  say "downloading $1 $version"
  curl -fsSL --retry 5 --retry-connrefused --connect-timeout 10 --max-time 900 -o "$cache/$zip.part" "$url" ||
    fail "$url cannot be downloaded" "see curl's line above; software.mirror names another site, software.from: push needs none"
  mv "$cache/$zip.part" "$cache/$zip"
}

ensure_binary() { # consul|nomad
  software "$1"
  [ ! -x "$binary" ] || return 0
  [ -e "$cache/$zip" ] || fetch "$1"
  found=$(sha256sum "$cache/$zip" | cut -d ' ' -f 1)
  if [ "$found" != "$sum" ]; then
    rm "$cache/$zip"
    case $SOFTWARE_FROM in push) from="the upload" ;; *) from=$SOFTWARE_URL/$1/$version/$zip ;; esac
    fail "$zip has the wrong checksum: expected $sum, found $found in $from" \
      "get the vendor's file again, or correct software.checksums; the file was removed"
  fi
  say "unpacking $1 $version"
  unzip -p "$cache/$zip" "$1" >"$binary.part" || fail "$zip holds no $1" "check software.checksums"
  chmod 0755 "$binary.part" && sync "$binary.part"
  mv "$binary.part" "$binary"
  rm "$cache/$zip"
}

ensure_user_and_folders() {
  id consul >/dev/null 2>&1 || {
    useradd --system --user-group --home-dir /opt/consul --shell /usr/sbin/nologin consul
    echo "userdel consul" >>$state/accounts
  }
  install -d -m 0755 /etc/consul.d /etc/nomad.d
  install -d -m 0750 -g consul $tls
  install -d -m 0750 -o consul -g consul /opt/consul
  chown -R consul:consul /opt/consul # may be of an earlier installation, whose user is gone
  install -d -m 0700 /opt/nomad /opt/nomad/client
  for volume in $VOLUMES; do
    [ -d "${volume#*=}" ] || install -d -m 0755 "${volume#*=}"
  done
  echo "$CLUSTER" | write_file $state/cluster
}

# --- install: kernel, Docker, DNS, firewall, virtual address

ensure_kernel_settings() {
  printf 'overlay\nbr_netfilter\n' | write_file /etc/modules-load.d/hashistack.conf
  write_file /etc/sysctl.d/90-hashistack.conf <<EOF
# Made by hashistack. With a dash, since not every kernel has all.
-net.ipv4.ip_forward = 1
-net.bridge.bridge-nf-call-iptables = 1
# Search engines and brokers map many files and watch many more.
-vm.max_map_count = 262144
-fs.inotify.max_user_instances = 1024
-fs.inotify.max_user_watches = 524288
# What was sent to a machine that died fails after 6 seconds, not after 15 minutes; a connection to it after 7, not 130.
-net.ipv4.tcp_retries2 = 4
-net.ipv4.tcp_syn_retries = 2
EOF
  if started_with sysctl /etc/sysctl.d/90-hashistack.conf; then return; fi
  modprobe -aq overlay br_netfilter 2>/dev/null || :
  sysctl -qp /etc/sysctl.d/90-hashistack.conf >/dev/null 2>&1 || warn "the kernel refused settings of 90-hashistack.conf"
  note_start sysctl /etc/sysctl.d/90-hashistack.conf
}

# Chosen before Docker's first start, for it is the containers' name server: the first private network without a route,
# as Docker itself would choose.
choose_bridge() {
  bridge=$(ip -o -4 address show docker0 2>/dev/null | awk '{ print $4; exit }')
  [ -z "$bridge" ] || return 0
  for network in 172.17 172.18 172.19 172.20 172.21 172.22 172.23 192.168; do
    bridge=$network.0.1/16
    ip -4 route show | grep -q "^$network\." || return 0
  done
}

# Before the package, for apt starts Docker at once. Docker closes FORWARD, `remove` puts it back.
prepare_docker() {
  is_client || return 0
  [ -e $etc/docker.json ] || {
    set_aside /etc/docker/daemon.json
    iptables -S FORWARD 2>/dev/null | awk '$1 == "-P" { print $3 }' >$state/forward || :
  }
  install -d -m 0755 /etc/docker
  write_file $etc/docker.json <<EOF
{
  "live-restore": true,
  "bip": "$bridge",
  "dns": ["${bridge%/*}"],
  "log-driver": "json-file",
  "log-opts": {"max-size": "10m", "max-file": "3"}${IMAGES_MIRROR:+,
  \"registry-mirrors\": [\"$IMAGES_MIRROR\"]}
}
EOF
  write_file /etc/docker/daemon.json <$etc/docker.json
}

ensure_docker() {
  is_client || return 0
  # A Docker that apt has just started read these settings.
  if is_active docker && docker_is_ours && [ ! -e $state/started/docker ]; then note_start docker /etc/docker/daemon.json; fi
  ensure_running docker /etc/docker/daemon.json
}

docker_is_ours() { grep -qsx docker.io $state/packages; }

uses_resolved() {
  case "$(readlink -f /etc/resolv.conf)" in /run/systemd/resolve/*) is_active systemd-resolved ;; *) return 1 ;; esac
}

# Names in .consul are Consul's, others go to the machine's name servers; dnsmasq passes over itself.
ensure_dns() {
  upstream=/etc/resolv.conf
  ! uses_resolved || upstream=/run/systemd/resolve/resolv.conf
  write_file $etc/dns.conf <<EOF
listen-address=127.0.0.1$(is_client && echo ",${bridge%/*}")
bind-interfaces
no-hosts
user=nobody
server=/consul/127.0.0.1#8600
resolv-file=$upstream
EOF
  write_unit hashistack-dns.service "DNS for .consul, also for containers" multi-user.target <<EOF
After=network.target docker.service
Before=nss-lookup.target

[Service]
ExecStart=$(command -v dnsmasq) --keep-in-foreground --conf-file=$etc/dns.conf
ExecStartPost=$lib/bootstrap.sh resolv-on
ExecStopPost=$lib/bootstrap.sh resolv-off
Restart=always
RestartSec=1
EOF
  if uses_resolved; then use_dns_in_resolved; else use_dns_in_resolv_conf; fi
  ensure_running hashistack-dns $units/hashistack-dns.service $etc/dns.conf
}

use_dns_in_resolved() {
  install -d -m 0755 /etc/systemd/resolved.conf.d
  printf '# Made by hashistack.\n[Resolve]\nDNS=127.0.0.1\nDomains=~consul\n' | write_file /etc/systemd/resolved.conf.d/hashistack.conf
  ensure_running systemd-resolved /etc/systemd/resolved.conf.d/hashistack.conf
}

use_dns_in_resolv_conf() { # which a DHCP client writes anew from time to time
  write_unit hashistack-resolv.service "Put DNS for .consul first in /etc/resolv.conf" <<EOF

[Service]
Type=oneshot
ExecCondition=systemctl is-active -q hashistack-dns
ExecStart=$lib/bootstrap.sh resolv-on
EOF
  write_unit hashistack-resolv.path "Watch /etc/resolv.conf" multi-user.target <<EOF

[Path]
PathChanged=/etc/resolv.conf
EOF
  ensure_running hashistack-resolv.path $units/hashistack-resolv.path $units/hashistack-resolv.service
}

# In place: it may be a link or a mount. Only while dnsmasq runs.
write_resolv_conf() { # on|off
  if uses_resolved; then return; fi
  wanted=$(
    [ "$1" = off ] || printf '# hashistack: names in .consul\nnameserver 127.0.0.1\n'
    sed '/^# hashistack:/,/^nameserver 127\.0\.0\.1$/d' /etc/resolv.conf
  )
  [ "$wanted" = "$(cat /etc/resolv.conf)" ] || echo "$wanted" >/etc/resolv.conf
}

commas() { echo "$*" | sed 's/  */, /g'; }

ensure_firewall() {
  [ "$FIREWALL" = manage ] || { remove_units hashistack-firewall.service && return; }
  write_file $etc/firewall.nft <<EOF
# Made by hashistack; docs/ports.md explains the ports.
table inet hashistack
delete table inet hashistack

table inet hashistack {
  set cluster {
    type ipv4_addr
    elements = { $(commas "$HOSTS") }
  }

  # Before Docker's DNAT, so that published ports of containers pass here too.
  chain arriving {
    type filter hook prerouting priority mangle; policy accept;
    ct state established,related accept
    iifname { "lo", "docker0", "nomad" } accept
    iifname "br-*" accept
    fib daddr type != local accept
    meta l4proto { icmp, icmpv6 } accept
    tcp dport { ${SSH_PORT:-22}, 4646, 8501 } accept
    $(! is_ingress || echo "tcp dport { $(commas "${INGRESS_PORTS% *}") } accept")
    ip saddr @cluster tcp dport { 4647-4648, 8300-8301, ${admin_port:-8082}, 20000-32000 } accept
    ip saddr @cluster udp dport { 4648, 8301, 20000-32000 } accept
    ip saddr @cluster ip protocol vrrp accept
    udp dport { 68, 546 } accept
    drop
  }
}
EOF
  write_unit hashistack-firewall.service "Firewall" sysinit.target <<EOF
DefaultDependencies=no
After=local-fs.target
Before=network-pre.target
Wants=network-pre.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft --file $etc/firewall.nft
ExecStop=/usr/sbin/nft delete table inet hashistack
EOF
  ensure_running hashistack-firewall $units/hashistack-firewall.service $etc/firewall.nft
}

# Where Traefik answers, there is the virtual address. Before the package: without this file apt does not start it.
prepare_virtual_address() {
  has_vip || return 0
  install -d -m 0755 /etc/keepalived
  made_by_us /etc/keepalived/keepalived.conf || set_aside /etc/keepalived/keepalived.conf
  write_file /etc/keepalived/keepalived.conf <<EOF
# Made by hashistack.
global_defs {
  enable_script_security
}

vrrp_script ingress {
  script "/usr/bin/curl -sf --max-time 1 -o /dev/null http://127.0.0.1:$admin_port/ping"
  user nobody
  interval 1
  fall 2
  rise 2
}

vrrp_instance hashistack {
  state BACKUP
  interface $(interface)
  virtual_router_id $((${VIP##*.} % 255 + 1))
  priority ${VIP_PRIORITY:-100}
  advert_int 1
  unicast_src_ip $ADDRESS
  unicast_peer {
$(for peer in $VIP_PEERS; do [ "$peer" = "$ADDRESS" ] || echo "    $peer"; done)
  }
  virtual_ipaddress {
    $VIP/32 dev $(interface)
  }
  track_script {
    ingress
  }
}
EOF
}

ensure_virtual_address() {
  if has_vip; then ensure_running keepalived /etc/keepalived/keepalived.conf; else remove_virtual_address; fi
}

install_machine() { # FOLDER
  load_settings "$1"
  check_machine
  keep_uploads "$1"
  adopt_foreign_agents
  prepare_docker
  prepare_virtual_address
  ensure_packages
  ensure_user_and_folders
  ensure_binary consul
  ensure_binary nomad
  ensure_kernel_settings
  ensure_docker
  ensure_dns
  ensure_firewall
  ensure_virtual_address
  say "$NODE_NAME has all that its agents need"
}

# --- start: certificates and configuration

certificate_date() { # ca|cert startdate|enddate: seconds since 1970
  date -d "$(openssl x509 -in "$tls/$1.pem" -noout "-$2" | cut -d = -f 2)" +%s
}

ensure_certificates() {
  echo "$TLS_CA" | base64 -d | write_file $tls/ca.pem
  echo "$TLS_CERT" | base64 -d | write_file $tls/cert.pem
  echo "$TLS_KEY" | base64 -d | write_file $tls/key.pem 0640 root:consul
  [ "$(certificate_date cert startdate)" -le "$(date +%s)" ] ||
    fail "the certificate of $NODE_NAME is not valid yet: the clock shows $(date)" "let systemd-timesyncd or chrony set the clock"
  [ "$(certificate_date cert enddate)" -gt "$(date +%s)" ] ||
    fail "the certificate of $NODE_NAME has expired" "run hashistack up: it makes new ones"
}

other_servers() { for server in $SERVERS; do [ "$server" = "$ADDRESS" ] || printf '%s ' "$server"; done; }
hcl_list() { echo "$*" | sed -E 's/([^ ]+)/"\1"/g; s/ *$//; s/  */, /g'; }

consul_settings() {
  cat <<EOF
# Made by hashistack.
datacenter = "$DATACENTER"
node_name = "$NODE_NAME"
data_dir = "/opt/consul"

# Others speak TLS with a certificate of this cluster; plain HTTP and DNS are for this machine alone.
bind_addr = "$ADDRESS"
client_addr = "127.0.0.1"
addresses { https = "$ADDRESS 127.0.0.1" }

ports {
  http = 8500
  https = 8501
  dns = 8600
  grpc = -1
  grpc_tls = -1
  serf_wan = -1
}

retry_join = [$(hcl_list "$(other_servers)")]
EOF
  ! is_server || cat <<EOF
server = true
bootstrap_expect = $SERVER_COUNT
performance { raft_multiplier = 1 } # a new leader within seconds
EOF
  cat <<EOF

tls {
  defaults {
    ca_file = "$tls/ca.pem"
    cert_file = "$tls/cert.pem"
    key_file = "$tls/key.pem"
    verify_incoming = true
    verify_outgoing = true
  }

  internal_rpc { verify_server_hostname = true }
}

acl {
  enabled = true
  default_policy = "deny"
  down_policy = "extend-cache"
  enable_token_persistence = true
}

limits { http_max_conns_per_client = 1000 } # Nomad and all templates come from 127.0.0.1
connect { enabled = false }
disable_update_check = true

# SIGTERM (stop, restart, reboot) stays a member; SIGINT (only \`remove\` sends it) leaves the cluster.
leave_on_terminate = false
skip_leave_on_interrupt = false
EOF
}

consul_secrets() {
  cat <<EOF
# Made by hashistack.
encrypt = "$CONSUL_GOSSIP_KEY"

acl {
  tokens {
    agent = "$CONSUL_AGENT_TOKEN"
    dns = "$CONSUL_DNS_TOKEN"
  }
}
EOF
}

nomad_settings() {
  cat <<EOF
# Made by hashistack.
region = "global"
datacenter = "$DATACENTER"
name = "$NODE_NAME"
data_dir = "/opt/nomad"
bind_addr = "0.0.0.0"
disable_update_check = true

advertise {
  http = "$ADDRESS"
  rpc = "$ADDRESS"
  serf = "$ADDRESS"
}

acl { enabled = true }

# Consul reads Nomad's keys without a certificate: HTTP asks for none, only for a token.
tls {
  http = true
  rpc = true
  ca_file = "$tls/ca.pem"
  cert_file = "$tls/cert.pem"
  key_file = "$tls/key.pem"
  verify_server_hostname = true
  verify_https_client = false
}

consul {
  address = "127.0.0.1:8500"
  server_auto_join = false
  client_auto_join = false

  service_identity {
    aud = ["consul.io"]
    ttl = "1h"
  }

  task_identity {
    aud = ["consul.io"]
    ttl = "1h"
  }
}

# SIGTERM (stop, restart, reboot) stays a member; SIGINT (only \`remove\` sends it) leaves the cluster.
leave_on_terminate = false
leave_on_interrupt = true
EOF
  ! is_server || nomad_server_settings
  ! is_client || nomad_client_settings
}

nomad_server_settings() {
  # A server that begins to lead waits so long for machines it has not heard of: after a power cut of all of them a
  # slow one must not be called lost, with the data of its instances. A single server always begins with itself.
  case $SERVER_COUNT in 1) failover=5m ;; *) failover=60s ;; esac
  cat <<EOF

server {
  enabled = true
  bootstrap_expect = $SERVER_COUNT
  raft_multiplier = 1

  server_join { retry_join = [$(hcl_list "$(other_servers)")] }

  # A machine that died is down within 20 seconds, if it did not lead. The grace is longer than a client needs to
  # leave a server that died (tcp_retries2).
  min_heartbeat_ttl = "5s"
  heartbeat_grace = "10s"
  failover_heartbeat_ttl = "$failover"

  # Off for less than a month: no new introduction.
  node_gc_threshold = "720h"

  client_introduction {
    enforcement = "strict"
    default_identity_ttl = "5m"
    max_identity_ttl = "30m"
  }
}
EOF
}

nomad_client_settings() {
  cat <<EOF

client {
  enabled = true
  node_pool = "${POOL:-default}"
  network_interface = "$(interface)"
  alloc_mounts_dir = "/opt/nomad/alloc_mounts"
  cni_path = "$(cni_path)"

  server_join { retry_join = [$(hcl_list "$SERVERS")] }

  meta {
    rack = "$RACK"
    ingress = "$(is_ingress && echo true || echo false)"
  }

$(for volume in $VOLUMES; do printf '  host_volume "%s" { path = "%s" }\n' "${volume%%=*}" "${volume#*=}"; done)

  # While Consul and the servers are away, what runs goes on.
  template {
    consul_retry { attempts = 0 }
    nomad_retry { attempts = 0 }
  }

  # No cloud here; asking for one takes seconds.
  options = { "fingerprint.denylist" = "env_aws,env_gce,env_azure,env_digitalocean" }
}

plugin "docker" {
  config {
    allow_privileged = false
    extra_labels = ["job_name", "task_group_name", "task_name"]
    volumes { enabled = false }
  }
}
EOF
}

nomad_secrets() {
  printf '# Made by hashistack.\nconsul { token = "%s" }\n' "$CONSUL_NOMAD_TOKEN"
  ! is_server || printf 'server { encrypt = "%s" }\n' "$NOMAD_GOSSIP_KEY"
}

# --- start: agents

link_binary() { # consul|nomad
  software "$1"
  [ -x "$binary" ] || fail "$1 $version is not installed" "run bootstrap.sh install first"
  [ "$(readlink "/usr/local/bin/$1")" = "$binary" ] || {
    ln -sf "$binary" "/usr/local/bin/$1.new"
    mv -fT "/usr/local/bin/$1.new" "/usr/local/bin/$1"
  }
}

ensure_agent() { # consul|nomad URL
  link_binary "$1"
  ensure_running "$1" "$units/$1.service" "/usr/local/bin/$1" /etc/"$1".d/*.hcl $tls/*.pem
  wait_until 60 "$1 on $NODE_NAME" answers "$2" || fail_with_log "$1" "$1 does not answer"
}

answers() { curl -s --max-time 3 --cacert $tls/ca.pem -o /dev/null "$1"; } # whatever it says: there may be no leader yet

# Not Type=notify: Consul is ready only when it has met another machine. Both agents exit with 1 when they do not leave;
# without a majority they do not end by themselves.
ensure_consul() {
  consul_settings | write_file /etc/consul.d/consul.hcl
  consul_secrets | write_file /etc/consul.d/secrets.hcl 0640 root:consul
  write_unit consul.service Consul multi-user.target <<EOF
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
User=consul
Group=consul
ExecStart=/usr/local/bin/consul agent -config-dir=/etc/consul.d
ExecReload=/bin/kill -HUP \$MAINPID
KillMode=process
SuccessExitStatus=1
Restart=always
RestartSec=1
TimeoutStopSec=20
LimitNOFILE=65536
EOF
  ensure_agent consul http://127.0.0.1:8500/v1/status/leader
}

# KillMode=process: containers and their helpers outlive the agent. RestartSec=3: see hand_over_leadership.
ensure_nomad() {
  nomad_settings | write_file /etc/nomad.d/nomad.hcl
  nomad_secrets | write_file /etc/nomad.d/secrets.hcl 0600
  write_unit nomad.service Nomad multi-user.target <<EOF
Wants=network-online.target consul.service
After=network-online.target consul.service docker.service hashistack-dns.service

[Service]
Type=notify
ExecStart=/usr/local/bin/nomad agent -config=/etc/nomad.d
ExecReload=/bin/kill -HUP \$MAINPID
KillMode=process
SuccessExitStatus=1
Restart=always
RestartSec=3
TimeoutStopSec=20
LimitNOFILE=65536
LimitNPROC=infinity
TasksMax=infinity
OOMScoreAdjust=-1000
EOF
  ensure_agent nomad https://127.0.0.1:4646/
}

ensure_drain_at_shutdown() {
  is_client || return 0
  write_unit hashistack-drain.service "Drain this node when the machine shuts down" multi-user.target <<EOF
After=network-online.target docker.service consul.service nomad.service

[Service]
RemainAfterExit=yes
ExecStart=$lib/bootstrap.sh undrain
ExecStop=/bin/sh -c '[ "\$\$(systemctl is-system-running)" != stopping ] || $lib/bootstrap.sh drain'
TimeoutStopSec=100
EOF
  is_active hashistack-drain || systemctl enable -q --now hashistack-drain
}

ensure_snapshots() {
  is_server || return 0
  write_unit hashistack-snapshot.service "Save the state of Consul and Nomad" <<EOF

[Service]
Type=oneshot
ExecStart=$lib/bootstrap.sh snapshot
EOF
  write_unit hashistack-snapshot.timer "Save the state of Consul and Nomad regularly" timers.target <<EOF

[Timer]
OnActiveSec=5min
OnUnitActiveSec=${SNAPSHOT_EVERY}s
EOF
  ensure_running hashistack-snapshot.timer $units/hashistack-snapshot.service $units/hashistack-snapshot.timer
}

remove_old_binaries() {
  for old in "$lib"/bin/*; do
    case "$old" in "$(readlink /usr/local/bin/consul)" | "$(readlink /usr/local/bin/nomad)") ;; *) rm -f "$old" ;; esac
  done
}

start_agents() { # FOLDER
  keep_uploads "$1"
  load_settings
  load_tokens
  ensure_certificates
  see_cluster
  ensure_consul
  ensure_nomad
  pass_gate
  ensure_drain_at_shutdown
  ensure_snapshots
  remove_old_binaries
  say "Consul $CONSUL_VERSION and Nomad $NOMAD_VERSION run on $NODE_NAME"
}

# --- the cluster

status() { # consul|nomad HOST leader|peers: as this host sees it; without "stale" Nomad waits for a leader
  case $1 in consul) ask "https://$2:8501/v1/status/$3" ;; nomad) ask "https://$2:4646/v1/status/$3?stale" ;; esac
}

leads() { status "$1" "$2" leader | grep -q '[0-9]'; }
is_leader() { status "$1" 127.0.0.1 leader | grep -q "\"$ADDRESS:"; }

knows_us() { status nomad "$1" peers | grep -q "\"$ADDRESS:"; }
follows_another() { status nomad "$1" leader | grep '[0-9]' | grep -vq "\"$ADDRESS:"; }

one_of() { # SERVERS COMMAND...: with a server as last argument
  asked=$1
  shift
  for server in $asked; do
    if "$@" "$server"; then return; fi
  done
  return 1
}

# A leader of Nomad that is back within a second is elected again and refuses its own client, for its keys are not ready;
# the client asks again when its node counts as lost. So another server takes over first.
hand_over_leadership() {
  if ! is_leader nomad || [ -z "$(other_servers)" ]; then return 0; fi
  systemctl stop nomad
  wait_until 10 "another leader of Nomad" one_of "$(other_servers)" follows_another || :
}

# A gate never asks for more than there was before: a cluster that is new, or down, has no leader to wait for.
see_cluster() {
  led='' ready='' newcomer=''
  for agent in consul nomad; do ! one_of "$(other_servers) $ADDRESS" leads $agent || led="$led $agent"; done
  ! node_is ready || ready=yes
  if is_server && one_of "$(other_servers)" leads nomad && { [ ! -e /opt/nomad/server ] || ! one_of "$(other_servers)" knows_us; }; then
    newcomer=yes
  fi
  for server in $(other_servers); do
    theirs=$(ask --head "https://$server:4646/" | sed -n 's/^[Dd]ate: *//p')
    [ -n "$theirs" ] || continue
    skew=$(($(date +%s) - $(date -d "$theirs" +%s)))
    [ ${skew#-} -le 30 ] || fail "the clocks of $NODE_NAME and $server differ by ${skew#-} seconds" "let systemd-timesyncd or chrony set both"
  done
}

is_member() { # consul|nomad: there is a leader, and a server is one of its peers
  # The servers hang up on a client that nobody has introduced yet.
  [ "$1" = consul ] || is_server || [ -n "$NOMAD_NODE_TOKEN" ] || return 0
  leads "$1" 127.0.0.1 || return 1
  ! is_server || status "$1" 127.0.0.1 peers | grep -q "\"$ADDRESS:"
}

pass_gate() {
  for agent in $led; do
    wait_until 180 "$agent's leader to know $NODE_NAME" is_member "$agent" ||
      fail_with_log "$agent" "$agent had a leader before; now $NODE_NAME does not belong to the cluster"
  done
  [ -z "$newcomer" ] || sleep 12 # until it may vote, after 10 seconds, no other server should restart
  [ -z "$ready" ] || wait_until 90 "the node $NODE_NAME to be ready" node_is ready ||
    fail_with_log nomad "the node $NODE_NAME was ready before and is not now"
}

node_id() { cat /opt/nomad/client/client-id 2>/dev/null; }
ask_nomad() { ask_with_token X-Nomad-Token "$NOMAD_NODE_TOKEN" "$@"; }

node_is() { # ready|eligible
  [ -n "$NOMAD_NODE_TOKEN" ] && [ -n "$(node_id)" ] || return 1
  ask_nomad "https://127.0.0.1:4646/v1/node/$(node_id)" | grep -Eq "\"(Status|SchedulingEligibility)\":\"$1\""
}

receive_tokens() {
  load_settings
  cat >$etc/received
  load $etc/received "$TOKENS NOMAD_INTRO_TOKEN"
  grep -v ^NOMAD_INTRO_TOKEN= $etc/received | write_file $etc/nomad.env 0600
  rm $etc/received
  if [ -n "$NOMAD_INTRO_TOKEN" ] && is_client; then introduce; fi
  say "$NODE_NAME has its tokens of Nomad"
}

# Nomad reads it only when it starts; an old one keeps out a node that the servers have forgotten.
introduce() {
  intro=/opt/nomad/client/intro_token.jwt
  if [ -e $intro ]; then # without it Nomad learns that its identity is worth nothing
    rm $intro
    restart nomad
    sleep 3
  fi
  echo "$NOMAD_INTRO_TOKEN" | write_file $intro 0600
  say "introducing $NODE_NAME to Nomad's servers"
  restart nomad
  wait_until 90 "Nomad's servers to accept $NODE_NAME" node_is ready || fail_with_log nomad "Nomad's servers do not accept $NODE_NAME"
  rm $intro
}

somebody_can_take_over() {
  [ "$(ask_nomad https://127.0.0.1:4646/v1/nodes | grep -o '"SchedulingEligibility":"eligible","Status":"ready"' | wc -l)" -gt 1 ]
}
containers() { docker ps "$@" -q --filter label=com.hashicorp.nomad.alloc_id 2>/dev/null; }
no_containers() { [ -z "$(containers)" ]; }

# System jobs too: Nomad ends them last, so the ingress becomes unhealthy, finishes its requests and ends while the network
# still works. A node is called drained before its system jobs have ended: so containers are watched.
drain_node() { # SECONDS
  load_settings
  load_tokens
  if ! is_client || ! node_is eligible || ! somebody_can_take_over; then return 0; fi
  say "draining $NODE_NAME"
  touch $state/drained
  set_drain "{\"DrainSpec\": {\"Deadline\": ${1}000000000}}" || { warn "Nomad refused to drain $NODE_NAME" && return; }
  wait_until $(($1 + 25)) "the node to be drained" no_containers || warn "not everything ended in time"
}

set_drain() { ask_nomad -X PUT -d "$1" -o /dev/null "https://127.0.0.1:4646/v1/node/$(node_id)/drain"; }

# Only what `drain` did is undone: a node that an operator drained stays drained.
undrain_node() {
  [ -e $state/drained ] || return 0
  load_settings
  load_tokens
  wait_until 86400 "Nomad's servers" set_drain '{"DrainSpec": null, "MarkEligible": true}'
  rm $state/drained
  say "$NODE_NAME takes work again"
}

save_snapshots() {
  load_settings
  load_tokens
  install -d -m 0700 $state/snapshots
  ! is_leader consul || save_snapshot consul X-Consul-Token "$CONSUL_SNAPSHOT_TOKEN" http://127.0.0.1:8500/v1/snapshot
  ! is_leader nomad || save_snapshot nomad X-Nomad-Token "$NOMAD_SNAPSHOT_TOKEN" https://127.0.0.1:4646/v1/operator/snapshot
}

save_snapshot() { # consul|nomad HEADER TOKEN URL
  saved=$state/snapshots/$1-$(date -u +%Y%m%dT%H%M%SZ).snap
  if ! ask_with_token "$2" "$3" --max-time 300 -o "$saved.part" "$4" || ! gzip -t "$saved.part"; then
    rm -f "$saved.part"
    fail "the state of $1 could not be saved" "run hashistack doctor: the snapshot token may be missing"
  fi
  mv "$saved.part" "$saved"
  say "saved $saved"
  find $state/snapshots -name "$1-*.snap" | sort -r | tail -n "+$((${SNAPSHOT_KEEP:-48} + 1))" | xargs -r rm -f
}

# --- remove

leave_cluster() { # consul|nomad: SIGINT means to leave, and the others forget this machine
  is_active "$1" || return 0
  say "$1 leaves the cluster"
  pid=$(systemctl show -p MainPID --value "$1")
  systemctl disable -q "$1"
  rm -f "$units/$1.service" && systemctl daemon-reload # else Restart=always would start it again
  kill -INT "$pid"
  wait_until 30 "$1 to leave" no_process "$1" || warn "$1 did not leave in time; the others will call it failed"
}

purge_node() { ask_nomad -X PUT -o /dev/null "https://$1:4646/v1/node/$(node_id)/purge"; }

remove_dns() {
  remove_units hashistack-resolv.path hashistack-resolv.service hashistack-dns.service
  [ -e /etc/systemd/resolved.conf.d/hashistack.conf ] || return 0
  rm /etc/systemd/resolved.conf.d/hashistack.conf
  rmdir --ignore-fail-on-non-empty /etc/systemd/resolved.conf.d
  systemctl restart systemd-resolved
}

remove_virtual_address() {
  made_by_us /etc/keepalived/keepalived.conf || return 0
  systemctl disable -q --now keepalived 2>/dev/null || :
  bring_back /etc/keepalived/keepalived.conf
  rm -f $state/started/keepalived
}

remove_docker_settings() {
  [ -e $etc/docker.json ] || return 0
  bring_back /etc/docker/daemon.json
  docker_is_ours || { systemctl restart docker && return; }
  systemctl stop -q docker.socket docker containerd 2>/dev/null || :
  ip link delete docker0 2>/dev/null || :
  umount /run/docker/netns/* 2>/dev/null || :
  rm -rf /etc/docker/key.json /run/docker
  rmdir --ignore-fail-on-non-empty /etc/docker
}

# Those of Nomad's networks, and of a Docker that was ours.
remove_packet_rules() {
  ip link delete nomad 2>/dev/null || :
  rules='CNI-|NOMAD-'
  ! docker_is_ours || rules="$rules|DOCKER|docker0|${bridge%.*.*}\\."
  for table in iptables ip6tables; do
    if is_missing $table-save; then continue; fi
    kept=$($table-save 2>/dev/null | grep -Ev "$rules" | sed "s/^:FORWARD DROP/:FORWARD $(cat $state/forward)/")
    echo "$kept" | $table-restore || :
  done
}

remove_packages() {
  [ -s $state/packages ] || return 0
  xargs apt-get -s purge <$state/packages 2>/dev/null | awk '/^(Purg|Remv)/ { print $2 }' | sort >$state/purged
  if [ -n "$(comm -23 $state/purged $state/packages)" ]; then
    warn "the packages that were installed stay, for by now others need them"
  else
    say "removing packages"
    # shellcheck disable=SC2046 # a list of words
    apt purge $(cat $state/packages) || warn "apt-get could not remove all packages that were installed"
  fi
  rm $state/purged
}

remove_accounts() {
  sort -ru $state/accounts | while read -r command account; do $command "$account" 2>/dev/null || :; done # users first
}

remove_data() {
  if [ -e $etc/purge ]; then
    rm -rf /opt/consul /opt/nomad $state
    [ "$docker_was_ours" = no ] || rm -rf /var/lib/docker /var/lib/containerd
    say "the data of the cluster is gone from $NODE_NAME"
  else
    rm -rf $state/started $state/packages* $state/accounts* $state/forward $state/drained
    say "kept: /opt/consul, /opt/nomad, $state, and Docker's images and volumes"
  fi
}

remove_all() {
  [ -e $etc/node.env ] || { say "there is nothing of hashistack here" && return; }
  load_settings
  choose_bridge
  NOMAD_NODE_TOKEN=''
  [ ! -e $etc/secrets.env ] || load_tokens
  (drain_node 30) || :
  remove_units hashistack-drain.service hashistack-snapshot.timer hashistack-snapshot.service
  leave_cluster nomad
  containers --all | xargs -r docker rm -f >/dev/null || :
  one_of "$(other_servers)" purge_node || : # else it would be listed as down for a month
  leave_cluster consul
  remove_units nomad.service consul.service
  awk '$2 ~ "^/opt/nomad/" { print $2 }' /proc/mounts | sort -r | xargs -r umount -l
  remove_dns
  remove_virtual_address
  remove_units hashistack-firewall.service
  docker_was_ours=$(yes_or_no docker_is_ours)
  remove_docker_settings
  remove_packet_rules
  remove_packages
  remove_accounts
  rm -rf /usr/local/bin/consul /usr/local/bin/nomad /etc/consul.d /etc/nomad.d /etc/sysctl.d/90-hashistack.conf \
    /etc/modules-load.d/hashistack.conf /var/lib/cni
  rmdir /etc/cni/net.d /etc/cni 2>/dev/null || :
  remove_data
  rm -rf $etc $lib $cache
  systemctl daemon-reload
  systemctl reset-failed
  say "hashistack is gone from $NODE_NAME"
}

# --- report

fact() { # NAME VALUE: what is not known is left out
  [ -z "$2" ] || printf "%s='%s'\n" "$1" "$(printf %s "$2" | sed "s/'/'\\\\''/g")"
}

yes_or_no() { if "$@" >/dev/null 2>&1; then echo yes; else echo no; fi; }
version_of() { "$1" version 2>/dev/null | sed -n '1s/.*v\([0-9][^ ]*\).*/\1/p'; }
resolves() { timeout 5 getent -s hosts:dns ahosts consul.service.consul; }

running_version() { # consul|nomad
  pid=$(systemctl show -p MainPID --value "$1")
  [ "${pid:-0}" = 0 ] || version_of "/proc/$pid/exe"
}

report_unit() { # NAME UNIT
  activity=$(systemctl is-active "$2" || :)
  fact "UNIT_$1" "$activity"
  [ "$activity" = active ] || fact "LOG_$1" "$(journalctl -u "$2" -n 5 --no-pager -o cat | tail -c 500 | sed ':a; N; $!ba; s/\n/\\n/g')"
}

report_snapshots() {
  fact SNAPSHOT_EVERY "$SNAPSHOT_EVERY"
  fact SNAPSHOT_TIME "$(find $state/snapshots -name '*.snap' -printf '%Ts\n' 2>/dev/null | sort -n | tail -n 1)"
  result=never
  [ -z "$(systemctl show -p ExecMainExitTimestamp --value hashistack-snapshot)" ] || result=$(systemctl show -p Result --value hashistack-snapshot)
  fact UNIT_snapshot "$result"
}

# In a container's network, with its name servers, but this machine's programs: it may have none.
report_container_dns() {
  container=$(docker ps -q --filter network=bridge 2>/dev/null | head -n 1)
  [ -n "$container" ] || return 0
  fact DNS_CONTAINER "$(yes_or_no nsenter -t "$(docker inspect -f '{{.State.Pid}}' "$container")" -n unshare -m sh -ec "
    mount --bind $(docker inspect -f '{{.ResolvConfPath}}' "$container") /etc/resolv.conf
    timeout 5 getent -s hosts:dns ahosts consul.service.consul")"
}

report_disk() { # NAME FOLDER
  df -Pm "$2" 2>/dev/null | awk -v name="$1" 'NR == 2 { printf "%s_SIZE=\047%d\047\n%s_FREE=\047%d\047\n", name, $2, name, $4 }'
}

report_system() {
  fact HOST_NAME "$NODE_NAME"
  fact HOST_ROLES "$ROLES"
  fact OS "$(system)"
  fact ARCH "$(architecture)"
  fact TIME "$(date +%s)"
  fact TIME_SYNC "$(timedatectl show -p NTPSynchronized --value 2>/dev/null)"
  fact UPTIME "$(cut -d . -f 1 /proc/uptime)"
  report_disk DISK_ROOT /opt
  awk '/^Mem(Total|Available)/ { printf "MEMORY_%s=\047%d\047\n", /Total/ ? "SIZE" : "FREE", $2 / 1024 }' /proc/meminfo
}

report() {
  load_settings
  load_tokens
  report_system
  fact NOMAD_WANTED "$NOMAD_VERSION"
  fact CONSUL_WANTED "$CONSUL_VERSION"
  for agent in NOMAD:nomad CONSUL:consul; do
    fact "${agent%:*}_VERSION" "$(version_of "${agent#*:}")"
    fact "${agent%:*}_RUNNING" "$(running_version "${agent#*:}")"
    fact "${agent%:*}_LEADER" "$(yes_or_no leads "${agent#*:}" 127.0.0.1)"
    report_unit "${agent#*:}" "${agent#*:}"
  done
  fact NOMAD_TOKEN "$(yes_or_no ask_nomad https://127.0.0.1:4646/v1/acl/token/self)"
  fact CONSUL_TOKEN "$(yes_or_no ask_with_token X-Consul-Token "$CONSUL_AGENT_TOKEN" http://127.0.0.1:8500/v1/acl/token/self)"
  fact CERT_EXPIRES "$(certificate_date cert enddate)"
  fact CA_EXPIRES "$(certificate_date ca enddate)"
  report_unit dnsmasq hashistack-dns
  ! has_vip || report_unit keepalived keepalived
  ! is_server || report_snapshots
  fact DNS_HOST "$(yes_or_no resolves)"
  if is_client; then
    fact DOCKER_VERSION "$(timeout 5 docker version -f '{{.Server.Version}}' 2>/dev/null)"
    report_unit docker docker
    report_container_dns
    report_disk DISK_DOCKER /var/lib/docker
  fi
  [ ! -e $state/drained ] || fact DRAINED_BY_US yes
}

# --- main

one_at_a_time() {
  exec 9>/run/lock/hashistack-bootstrap.lock
  flock -n 9 || {
    say "waiting for another run of this script on this machine"
    flock -w 900 9 || fail "the other run does not end" "see: fuser -v /run/lock/hashistack-bootstrap.lock"
  }
}

main() {
  NODE_NAME=$(hostname)
  folder=$(cd "${2:-$(dirname "$0")}" && pwd)
  case ${1:-} in install | start | receive | remove) one_at_a_time ;; esac
  case ${1:-} in
    check) load_settings "$folder" && check_machine && say "nothing stands in the way on $NODE_NAME" ;;
    install) install_machine "$folder" ;;
    start) start_agents "$folder" ;;
    receive) receive_tokens ;;
    remove) remove_all ;;
    snapshot) save_snapshots ;;
    drain) drain_node 60 ;;
    undrain) undrain_node ;;
    report) report ;;
    resolv-on) write_resolv_conf on ;;
    resolv-off) write_resolv_conf off ;;
    *) sed -n '4,9s/^# *//p' "$0" >&2 && exit 64 ;;
  esac
}

main "$@"
