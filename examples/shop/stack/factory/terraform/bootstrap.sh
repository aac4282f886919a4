#!/bin/sh
# Makes one machine a member of a hashistack cluster: Docker, Consul, Nomad, DNS for .consul, all as systemd units.
#
#   bootstrap.sh check [FOLDER]     say everything that stands in the way; change nothing
#   bootstrap.sh install [FOLDER]   packages, binaries, Docker, DNS, firewall; does not touch running agents
#   bootstrap.sh start [FOLDER]     configure and (re)start the agents if anything of them changed, then the health gate
#   bootstrap.sh receive            Nomad's tokens on stdin, once the cluster has them
#   bootstrap.sh remove             leave the cluster and take away everything that install and start made
#   bootstrap.sh snapshot           save Consul's and Nomad's state, on the leader only (a timer runs this)
#   bootstrap.sh drain | undrain    at shutdown and after boot (a unit runs these)
#   bootstrap.sh report             facts about this machine as NAME='value' lines
#
# FOLDER holds what was uploaded: node.env, secrets.env, zips; by default the folder of this script. All verbs can be run
# again at any time: what is right already is left alone, and an interrupted run is finished by the next one.

set -eu
umask 077
export LC_ALL=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

WRITTEN=20261121 # a clock that shows an earlier day is wrong
SETTINGS="CLUSTER NODE_NAME ADDRESS ROLES RACK POOL DATACENTER SERVERS SERVER_COUNT NOMAD_VERSION CONSUL_VERSION
  SOFTWARE_FROM SOFTWARE_URL NOMAD_SHA256_amd64 NOMAD_SHA256_arm64 CONSUL_SHA256_amd64 CONSUL_SHA256_arm64
  IMAGES_MIRROR FIREWALL HOSTS SSH_PORT INGRESS_PORTS VIP VIP_PEERS VIP_PRIORITY SNAPSHOT_EVERY SNAPSHOT_KEEP
  VOLUMES ADOPT"
SECRETS="TLS_CA TLS_CERT TLS_KEY CONSUL_GOSSIP_KEY NOMAD_GOSSIP_KEY CONSUL_AGENT_TOKEN CONSUL_DNS_TOKEN
  CONSUL_NOMAD_TOKEN CONSUL_SNAPSHOT_TOKEN"

etc=/etc/hashistack
tls=$etc/tls
lib=/usr/local/lib/hashistack
state=/var/lib/hashistack
cache=/var/cache/hashistack
units=/etc/systemd/system
bridge=172.17.0.1/16
problems=0

# ---------------------------------------------------------------------------------------------------- telling

say() {
  echo "hashistack: $*"
  logger -t hashistack -- "$*" 2>/dev/null || :
}

warn() { say "warning: $*" >&2; }

problem() { # WHAT HOW: remember that it cannot go on, and look for more
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
  journalctl --unit "$1" --lines 15 --no-pager --output cat >&2 || :
  fail "$2" "read journalctl -u $1 on $NODE_NAME, put right what it says, then run it again"
}

# ---------------------------------------------------------------------------------------------------- tools

has_role() { case " $ROLES " in *" $1 "*) ;; *) return 1 ;; esac }
is_server() { has_role server; }
is_client() { has_role client || has_role ingress; }
is_ingress() { has_role ingress; }
is_active() { systemctl is-active --quiet "$1"; }
architecture() { dpkg --print-architecture; }
uses_resolved() { case "$(readlink -f /etc/resolv.conf)" in /run/systemd/resolve/*) is_active systemd-resolved ;; *) return 1 ;; esac }
interface() { ip -oneline -4 address show | awk -v want="$ADDRESS" '{ split($4, a, "/") } a[1] == want { print $2; exit }'; }

# Write stdin to a file, whole or not at all. An identical file is left alone, so its time says when it changed.
write_file() { # PATH [MODE] [OWNER]
  cat >"$1.new"
  chmod "${2:-0644}" "$1.new"
  chown "${3:-root:root}" "$1.new"
  if cmp -s "$1.new" "$1"; then rm "$1.new"; else mv -f "$1.new" "$1"; fi
}

# What a unit was started with is written down after the start, not while files are written: a run that was
# interrupted in between does not forget the restart.
fingerprint() { # FILE...
  for file; do
    stat -Lc '%n %y %s' "$file"
    readlink -f "$file"
  done
}

started_with() { [ "$(cat "$state/started/$1" 2>/dev/null)" = "$(shift && fingerprint "$@")" ]; }
note_start() { (unit=$1 && shift && fingerprint "$@") >"$state/started/$1"; }

ensure_running() { # UNIT FILE...: (re)start a unit if it does not run or anything of it changed
  unit=$1
  systemctl is-enabled --quiet "$unit" 2>/dev/null || systemctl enable --quiet "$unit"
  if is_active "$unit" && started_with "$@"; then return; fi
  say "starting $unit"
  systemctl daemon-reload
  systemctl restart "$unit" || fail_with_log "$unit" "$unit does not start"
  note_start "$@"
}

wait_until() { # SECONDS WHAT COMMAND...
  began=$(date +%s)
  limit=$1
  what=$2
  told=3
  shift 2
  until "$@"; do
    waited=$(($(date +%s) - began))
    [ "$waited" -lt "$limit" ] || return 1
    if [ "$waited" -ge "$told" ]; then
      say "waiting for $what (${waited}s of ${limit}s)"
      told=$((told + 10))
    fi
    sleep 0.3
  done
}

ask() { # URL...: a question to an agent of the cluster, never longer than a moment
  curl --silent --fail --connect-timeout 1 --max-time 3 --cacert $tls/ca.pem --cert $tls/cert.pem --key $tls/key.pem "$@"
}

# Tokens go to curl by stdin: a command line can be read by every user of the machine.
ask_with_token() { # HEADER TOKEN CURL-ARGUMENT...
  printf 'header = "%s: %s"\n' "$1" "$2" | (shift 2 && ask --config - "$@")
}

# ---------------------------------------------------------------------------------------------------- settings

only_assignments() { # FILE: nothing but NAME='value' is ever sourced
  if grep -Evq "^([A-Z][A-Za-z0-9_]*='([^']|'\\\\'')*')?\$" "$1"; then
    fail "$1 has a line that is not NAME='value'" "render the stack again; do not edit this file by hand"
  fi
}

load() { # FILE NAMES: the file's values; a name that it lacks is empty
  for name in $2; do eval "$name="; done
  only_assignments "$1"
  # shellcheck disable=SC1090 # made by the stack, checked above
  . "$1"
}

load_settings() { # FILE
  [ -r "$1" ] || fail "there is no $1" "run bootstrap.sh install first, with node.env beside the script"
  load "$1" "$SETTINGS"
  for name in CLUSTER NODE_NAME ADDRESS ROLES DATACENTER SERVERS SERVER_COUNT NOMAD_VERSION CONSUL_VERSION; do
    eval "[ -n \"\$$name\" ]" || fail "$1 does not say $name" "render the stack again and apply it"
  done
  # shellcheck disable=SC2086 # a list of words
  set -- ${INGRESS_PORTS:-80 443 8081 8082}
  public_port=$1 tls_port=$2 internal_port=$3 admin_port=$4
}

load_tokens() {
  load $etc/secrets.env "$SECRETS"
  NOMAD_NODE_TOKEN='' NOMAD_SNAPSHOT_TOKEN=''
  [ ! -r $etc/nomad.env ] || load $etc/nomad.env "NOMAD_NODE_TOKEN NOMAD_SNAPSHOT_TOKEN"
}

keep_upload() { # FOLDER NAME MODE: move one uploaded file to where it stays
  [ "$1" != $lib ] && [ -e "$1/$2" ] || return 0
  write_file "$etc/$2" "$3" <"$1/$2"
  rm "$1/$2"
}

keep_uploads() { # FOLDER
  install -d -m 0755 $etc $lib $lib/bin $cache
  install -d -m 0700 $state $state/started
  keep_upload "$1" node.env 0644
  keep_upload "$1" secrets.env 0600
  [ "$1" != $lib ] || return 0
  for zip in "$1"/*.zip; do
    [ ! -e "$zip" ] || mv -f "$zip" $cache/
  done
  [ ! -e "$1/bootstrap.sh" ] || write_file $lib/bootstrap.sh 0755 <"$1/bootstrap.sh"
  case "$1" in */.hashistack) rm -rf "$1" ;; esac
}

# ---------------------------------------------------------------------------------------------------- check

check_system() {
  [ -d /run/systemd/system ] || problem "systemd does not run this machine" "use a Debian or Ubuntu that boots with systemd"
  os=$(. /etc/os-release && echo "$ID ${VERSION_ID:-}")
  case "$os" in
    "debian 12" | "debian 13" | "ubuntu 22.04" | "ubuntu 24.04") ;;
    *) problem "$os is not supported" "use Debian 12 or 13, Ubuntu 22.04 or 24.04, or 64-bit Raspberry Pi OS" ;;
  esac
  case "$(architecture)" in
    amd64 | arm64) ;;
    *) problem "the architecture $(architecture) is not supported" "install a 64-bit (amd64 or arm64) system" ;;
  esac
  [ -n "$(interface)" ] || problem "$ADDRESS is no address of this machine ($(hostname -I 2>/dev/null))" \
    "correct hosts.$NODE_NAME.address, or give the machine this address"
}

check_clock() {
  if [ "$(date +%Y%m%d)" -lt $WRITTEN ]; then
    problem "the clock is wrong: it shows $(date -u '+%F %R') UTC" "timedatectl set-ntp true, or install systemd-timesyncd or chrony"
  elif [ "$(timedatectl show --property NTPSynchronized --value 2>/dev/null)" = no ]; then
    warn "nothing keeps the clock right; certificates and leases need it (install systemd-timesyncd or chrony)"
  fi
}

free_mib() { # PATH, which need not exist yet
  place=$1
  while [ ! -d "$place" ]; do place=${place%/*}/ && place=${place%/}; done
  df -Pk "${place:-/}" | awk 'NR == 2 { print int($4 / 1024) }'
}

check_room() {
  memory=$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
  [ "$memory" -ge 450 ] || problem "only $memory MiB of memory" "Consul, Nomad and Docker need 512 MiB at least, 1 GiB with a server"
  for folder in /opt /var/lib/docker; do
    free=$(free_mib $folder)
    [ "$free" -lt 2048 ] || continue
    # A full disk must not keep a member from being repaired.
    if [ -e $state/started/nomad ]; then warn "only $free MiB free for $folder" && continue; fi
    problem "only $free MiB free for $folder" "make room: 2048 MiB are needed there"
  done
}

needed_ports() {
  echo "tcp 4646 tcp 8301 udp 8301 tcp 8500 tcp 8501 tcp 8600 udp 8600"
  ! is_server || echo "tcp 8300 tcp 4647 tcp 4648 udp 4648"
  ! is_ingress || echo "tcp $public_port tcp $tls_port tcp $internal_port tcp $admin_port"
}

is_ours() { # PID: of a unit of ours, or of a container that our Nomad made
  grep -Eq '/(consul|nomad|hashistack-[a-z]+)\.service|/nomad(\.slice|/)' "/proc/$1/cgroup" 2>/dev/null || {
    container=$(grep -Eo '[0-9a-f]{64}' "/proc/$1/cgroup" 2>/dev/null | head -n 1)
    [ -n "$container" ] && docker inspect "$container" 2>/dev/null | grep -q com.hashicorp.nomad.alloc_id
  }
}

check_port() { # PROTOCOL PORT LISTENERS
  echo "$3" | awk -v protocol="$1" -v port=":$2" '
    $1 == protocol && substr($5, length($5) - length(port) + 1) == port {
      name = "something"; pid = 0
      if (match($0, /\(\("[^"]*"/)) name = substr($0, RSTART + 3, RLENGTH - 4)
      if (match($0, /pid=[0-9]*/)) pid = substr($0, RSTART + 4, RLENGTH - 4)
      print name, pid
      exit
    }' | while read -r name pid; do
    is_ours "$pid" || echo "$name (pid $pid)"
  done
}

check_ports() {
  listeners=$(ss -Hlntup)
  # shellcheck disable=SC2046 # a list of words
  set -- $(needed_ports)
  while [ $# -gt 1 ]; do
    taker=$(check_port "$1" "$2" "$listeners")
    [ -z "$taker" ] || problem "port $2 ($1) is taken by $taker" "stop it for good, e.g. systemctl disable --now ${taker%% *}"
    shift 2
  done
  # Port 53 matters only where dnsmasq will listen; systemd-resolved has its own 127.0.0.53.
  taker=$(check_port udp 53 "$(echo "$listeners" | awk -v docker="${bridge%/*}:53" '
    $5 == "127.0.0.1:53" || $5 == "0.0.0.0:53" || $5 == "*:53" || $5 == "[::]:53" || $5 == docker')")
  [ -z "$taker" ] || problem "port 53 (udp) is taken by $taker" \
    "stop that name server, or let it listen on other addresses than 127.0.0.1 and Docker's"
}

made_by_us() { grep -qs "hashistack" "$1"; }

foreign_agent() { # consul|nomad: what there is of an agent that is not ours
  for unit in /etc/systemd/system /usr/lib/systemd/system /lib/systemd/system; do
    if [ -e "$unit/$1.service" ] && ! made_by_us "$unit/$1.service"; then echo "the unit $unit/$1.service" && return; fi
  done
  for pid in $(pgrep -x "$1"); do
    if ! grep -q "/$1\.service" "/proc/$pid/cgroup"; then echo "a process $1 (pid $pid)" && return; fi
  done
  [ ! -e $state/cluster ] || return 0 # then the folders below are of an earlier installation of ours
  for folder in "/etc/$1.d" "/opt/$1"; do
    if [ -n "$(ls -A "$folder" 2>/dev/null)" ]; then echo "the folder $folder" && return; fi
  done
}

check_foreign() {
  for name in consul nomad; do
    found=$(foreign_agent $name)
    [ -z "$found" ] || [ -n "$ADOPT" ] || problem "this machine has a $name that hashistack did not make: $found" \
      "choose another machine, or run it with --adopt: the other $name is stopped and its folders are moved aside"
  done
  other=$(cat $state/cluster 2>/dev/null || :)
  [ -z "$other" ] || [ "$other" = "$CLUSTER" ] || problem "this machine holds data of the cluster $other" \
    "take that cluster down with --purge first, or delete /opt/consul, /opt/nomad and $state"
}

check_docker() {
  if ! is_client || [ -e $state/started/docker ] || ! command -v docker >/dev/null; then return 0; fi
  running=$(docker ps --quiet 2>/dev/null | wc -l)
  [ "$running" = 0 ] || [ -n "$ADOPT" ] || problem \
    "Docker must be restarted with other settings, and $running containers that are not hashistack's run in it" \
    "stop them, or run it with --adopt: they are stopped by the restart"
}

check_machine() {
  [ "$(id -u)" = 0 ] || fail "this must be run as root" "log in as root, or as a user who may run sudo without a password"
  choose_bridge
  check_system
  check_clock
  check_room
  check_ports
  check_foreign
  check_docker
  [ $problems = 0 ] || exit 1
}

check() { # FOLDER
  if [ -e "$1/node.env" ]; then load_settings "$1/node.env"; else load_settings $etc/node.env; fi
  check_machine
  say "nothing stands in the way on $NODE_NAME"
}

# ---------------------------------------------------------------------------------------------------- install

set_aside() { # PATH: never lose what somebody else made
  [ ! -e "$1" ] || { rm -rf "$1.before-hashistack" && mv "$1" "$1.before-hashistack" && say "moved $1 to $1.before-hashistack"; }
}

adopt_foreign_agents() {
  for agent in nomad consul; do
    found=$(foreign_agent $agent)
    [ -n "$found" ] || continue
    say "adopting this machine: stopping $agent ($found)"
    systemctl disable --quiet --now $agent 2>/dev/null || :
    pkill -x $agent || :
    wait_until 20 "the end of the other $agent" no_process $agent || fail "$agent does not end" "stop it by hand"
    set_aside /etc/$agent.d
    set_aside /opt/$agent
    set_aside $units/$agent.service
  done
}

no_process() { ! pgrep -x "$1" >/dev/null; }

# Only what is missing is installed, and only that is purged by `remove`.
missing_packages() {
  present() { command -v "$1" >/dev/null; }
  present curl || echo curl
  present unzip || echo unzip
  present dnsmasq || echo dnsmasq-base
  [ -e /etc/ssl/certs/ca-certificates.crt ] || echo ca-certificates
  present openssl || echo openssl
  if is_client; then
    present dockerd || echo docker.io
    present iptables || echo iptables
    [ -x "$(cni_path)/bridge" ] || echo containernetworking-plugins
    [ ! -e $state/daemon.json.theirs ] || present jq || echo jq
  fi
  [ "$FIREWALL" != manage ] || present nft || echo nftables
  if [ -n "$VIP" ] && is_ingress && ! present keepalived; then echo keepalived; fi
}

cni_path() { if [ -x /opt/cni/bin/bridge ]; then echo /opt/cni/bin; else echo /usr/lib/cni; fi; }

apt() {
  apt-get --quiet=2 --yes --option DPkg::Lock::Timeout=120 --option Dpkg::Options::=--force-confold \
    --option Dpkg::Use-Pty=0 "$@" >>$cache/apt.log 2>&1
}

installed_packages() { dpkg-query --show --showformat '${Package} ${db:Status-Abbrev}\n' | awk '$2 == "ii" { print $1 }' | sort; }

ensure_packages() {
  packages=$(missing_packages | tr '\n' ' ')
  [ -n "$packages" ] || return 0
  say "installing $packages"
  [ -e $state/packages.before ] || installed_packages >$state/packages.before
  # shellcheck disable=SC2086 # a list of words
  apt install --no-install-recommends $packages || {
    apt update || :
    apt install --no-install-recommends $packages || {
      tail -n 15 $cache/apt.log >&2
      fail "apt-get could not install $packages" "see the lines above; apt's sources of this machine must have these packages"
    }
  }
  installed_packages | comm -13 $state/packages.before - >$state/packages.new
  sort -u $state/packages.new $state/packages >$state/packages.all 2>/dev/null || mv $state/packages.new $state/packages.all
  mv $state/packages.all $state/packages
  rm -f $state/packages.before $state/packages.new
}

ensure_user() { # NAME HOME
  id "$1" >/dev/null 2>&1 && return
  useradd --system --user-group --home-dir "$2" --no-create-home --shell /usr/sbin/nologin "$1"
  echo "$1" >>$state/users
}

ensure_folders() {
  install -d -m 0755 /etc/consul.d /etc/nomad.d
  install -d -m 0750 -o consul -g consul /opt/consul
  install -d -m 0750 -g consul $tls
  [ -d /opt/nomad/client ] || install -d -m 0700 /opt/nomad /opt/nomad/client
  for volume in $VOLUMES; do
    [ -d "${volume#*=}" ] || install -d -m 0755 "${volume#*=}"
  done
  echo "$CLUSTER" | write_file $state/cluster
}

# The checksums are in the stack, so neither a mirror nor an upload has to be trusted. A binary carries its version and
# checksum in its name: the one that runs stays until `start` puts the link on the new one.
software() { # consul|nomad: sets version, sum, zip, binary
  case $1 in consul) version=$CONSUL_VERSION ;; nomad) version=$NOMAD_VERSION ;; esac
  eval "sum=\$$(echo "$1" | tr a-z A-Z)_SHA256_$(architecture)"
  zip=${1}_${version}_linux_$(architecture).zip
  binary=$lib/bin/$1-$version-$(printf %.8s "$sum")
  [ -n "$sum" ] || fail "there is no checksum of $zip" "add it to software.checksums in the descriptor"
}

fetch() { # consul|nomad: into the cache, unless it is there or was pushed
  software "$1"
  if [ -x "$binary" ] || [ -e "$cache/$zip" ]; then return 0; fi
  [ "$SOFTWARE_FROM" != push ] || fail "$zip was not uploaded" "put it into the folder of the variable \"binaries\""
  say "downloading $1 $version"
  curl --fail --silent --show-error --location --retry 5 --retry-connrefused --connect-timeout 10 --max-time 900 \
    --output "$cache/$zip.part" "$SOFTWARE_URL/$1/$version/$zip" ||
    fail "$SOFTWARE_URL/$1/$version/$zip cannot be downloaded" "see curl's line above; software.mirror names another site, software.from: push needs none"
  mv "$cache/$zip.part" "$cache/$zip"
}

ensure_binary() { # consul|nomad
  software "$1"
  [ ! -x "$binary" ] || return 0
  found=$(sha256sum "$cache/$zip" | cut -d ' ' -f 1)
  if [ "$found" != "$sum" ]; then
    rm "$cache/$zip"
    fail "$zip from $([ "$SOFTWARE_FROM" = push ] && echo "the upload" || echo "$SOFTWARE_URL") has the wrong checksum: expected $sum, found $found" \
      "get the vendor's file again, or correct software.checksums; the file was removed"
  fi
  say "unpacking $1 $version"
  unzip -p "$cache/$zip" "$1" >"$binary.part" && [ -s "$binary.part" ] || fail "$zip holds no $1" "check software.mirror"
  chmod 0755 "$binary.part"
  mv "$binary.part" "$binary"
  rm "$cache/$zip"
}

kernel_settings() {
  cat <<EOF
# hashistack: forwarding for containers; a dash in front: not every kernel or container has it
-net.ipv4.ip_forward = 1
-net.bridge.bridge-nf-call-iptables = 1
# Search engines and brokers map many files and watch many more.
-vm.max_map_count = 262144
-fs.inotify.max_user_instances = 1024
-fs.inotify.max_user_watches = 524288
# A request that was sent to a machine which died fails after 12 seconds, not after 15 minutes.
-net.ipv4.tcp_retries2 = 5
EOF
}

ensure_kernel_settings() {
  printf 'overlay\nbr_netfilter\n' | write_file /etc/modules-load.d/hashistack.conf
  kernel_settings | write_file /etc/sysctl.d/90-hashistack.conf
  if started_with sysctl /etc/sysctl.d/90-hashistack.conf; then return; fi
  modprobe -aq overlay br_netfilter 2>/dev/null || :
  sysctl --quiet --load /etc/sysctl.d/90-hashistack.conf >/dev/null 2>&1 || warn "some kernel settings of /etc/sysctl.d/90-hashistack.conf were refused"
  note_start sysctl /etc/sysctl.d/90-hashistack.conf
}

# Docker's bridge gets its address before Docker first starts, because containers must be told their name server:
# the first private network that no route of this machine uses, as Docker itself would choose.
choose_bridge() {
  present=$(ip -oneline -4 address show docker0 2>/dev/null | awk '{ print $4; exit }')
  if [ -n "$present" ]; then
    bridge=$present
    return
  fi
  for network in 172.17 172.18 172.19 172.20 172.21 172.22 172.23 172.24 192.168; do
    bridge=$network.0.1/16
    ip -4 route show | grep -Eq "^(via )?$network\." || return 0
  done
}

docker_settings() {
  cat <<EOF
{
  "live-restore": true,
  "bip": "$bridge",
  "dns": ["${bridge%/*}"],
  "log-driver": "json-file",
  "log-opts": {"max-size": "10m", "max-file": "3"}${IMAGES_MIRROR:+,
  \"registry-mirrors\": [\"$IMAGES_MIRROR\"]}
}
EOF
}

# Somebody's own daemon.json is merged (ours wins, containers need the name server) and comes back with `remove`.
write_docker_settings() {
  docker_settings | write_file $etc/docker.json
  install -d -m 0755 /etc/docker
  if [ -e $state/daemon.json.theirs ]; then
    jq --slurp '.[0] * .[1]' $state/daemon.json.theirs $etc/docker.json | write_file /etc/docker/daemon.json
  else
    write_file /etc/docker/daemon.json <$etc/docker.json
  fi
}

# What `remove` puts back. Then the settings, for apt starts Docker as soon as it is unpacked.
note_before_docker() {
  if ! is_client || [ -e $etc/docker.json ]; then return; fi
  (iptables -S FORWARD 2>/dev/null || :) | awk '$1 == "-P" { print $3 }' >$state/forward
  if [ -e /etc/docker/daemon.json ]; then cp -p /etc/docker/daemon.json $state/daemon.json.theirs; else write_docker_settings; fi
}

ensure_docker() {
  is_client || return 0
  write_docker_settings
  # A Docker that apt has just started read the settings that were there before it.
  [ -e $state/started/docker ] || ! grep -qsx docker.io $state/packages || ! is_active docker || note_start docker /etc/docker/daemon.json
  ensure_running docker /etc/docker/daemon.json
}

dns_settings() {
  cat <<EOF
# hashistack: names in .consul are Consul's, all others go to the name servers that this machine has
listen-address=127.0.0.1$(is_client && echo ",${bridge%/*}")
bind-interfaces
no-hosts
user=nobody
server=/consul/127.0.0.1#8600
resolv-file=$(uses_resolved && echo /run/systemd/resolve/resolv.conf || echo /etc/resolv.conf)
cache-size=1000
EOF
}

dns_unit() {
  cat <<EOF
# Made by hashistack.
[Unit]
Description=DNS for .consul on this machine and in its containers (hashistack)
After=network.target docker.service
Before=nss-lookup.target
StartLimitIntervalSec=0

[Service]
ExecStart=$(command -v dnsmasq) --keep-in-foreground --conf-file=$etc/dns.conf
ExecStartPost=$lib/bootstrap.sh resolv-on
ExecStopPost=$lib/bootstrap.sh resolv-off
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
EOF
}

resolv_path_unit() {
  cat <<EOF
# Made by hashistack. A DHCP client writes /etc/resolv.conf anew.
[Unit]
Description=Watch /etc/resolv.conf (hashistack)

[Path]
PathChanged=/etc/resolv.conf

[Install]
WantedBy=multi-user.target
EOF
}

resolv_unit() {
  cat <<EOF
# Made by hashistack.
[Unit]
Description=Put DNS for .consul first in /etc/resolv.conf (hashistack)
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecCondition=systemctl is-active --quiet hashistack-dns
ExecStart=$lib/bootstrap.sh resolv-on
EOF
}

resolv_off() { sed '/^# hashistack:/,/^nameserver 127\.0\.0\.1$/d' /etc/resolv.conf; }

resolv_on() {
  echo "# hashistack: names in .consul"
  echo "nameserver 127.0.0.1"
  resolv_off
}

# Written in place: it may be a link, or a mount of its own. Only while dnsmasq runs does it stand there.
write_resolv() { # on|off
  uses_resolved && return
  wanted=$("resolv_$1")
  [ "$wanted" = "$(cat /etc/resolv.conf)" ] || echo "$wanted" >/etc/resolv.conf
}

ensure_dns() {
  dns_settings | write_file $etc/dns.conf
  dns_unit | write_file $units/hashistack-dns.service
  if uses_resolved; then
    install -d -m 0755 /etc/systemd/resolved.conf.d
    printf '# Made by hashistack.\n[Resolve]\nDNS=127.0.0.1\nDomains=~consul\n' | write_file /etc/systemd/resolved.conf.d/hashistack.conf
    ensure_running systemd-resolved /etc/systemd/resolved.conf.d/hashistack.conf
  else
    resolv_unit | write_file $units/hashistack-resolv.service
    resolv_path_unit | write_file $units/hashistack-resolv.path
    ensure_running hashistack-resolv.path $units/hashistack-resolv.path $units/hashistack-resolv.service
  fi
  ensure_running hashistack-dns $units/hashistack-dns.service $etc/dns.conf
}

comma_separated() { echo "$*" | sed 's/ \+/, /g'; }

firewall_rules() {
  cat <<EOF
# Made by hashistack; the ports are explained in docs/ports.md.
table inet hashistack
delete table inet hashistack

table inet hashistack {
  set cluster {
    type ipv4_addr
    elements = { $(comma_separated "$HOSTS") }
  }

  # Before Docker rewrites addresses (DNAT), so that published ports of containers pass here too.
  chain arriving {
    type filter hook prerouting priority mangle; policy accept;
    ct state established,related accept
    iifname { "lo", "docker0", "nomad", "br-*" } accept
    fib daddr type != local accept
    meta l4proto { icmp, icmpv6 } accept
    tcp dport { $SSH_PORT, 4646, 8501 } accept
$(is_ingress && echo "    tcp dport { $public_port, $tls_port, $internal_port } accept")
    ip saddr @cluster tcp dport { 4647-4648, 8300-8301, $admin_port, 20000-32000 } accept
    ip saddr @cluster udp dport { 4648, 8301, 20000-32000 } accept
    ip saddr @cluster ip protocol 112 accept
    udp dport { 68, 546 } accept
    drop
  }
}
EOF
}

firewall_unit() {
  cat <<EOF
# Made by hashistack.
[Unit]
Description=Firewall of this cluster's machine (hashistack)
Before=network-pre.target
Wants=network-pre.target
DefaultDependencies=no
After=local-fs.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft --file $etc/firewall.nft
ExecStop=/usr/sbin/nft delete table inet hashistack

[Install]
WantedBy=sysinit.target
EOF
}

ensure_firewall() {
  if [ "$FIREWALL" = manage ]; then
    firewall_rules | write_file $etc/firewall.nft
    firewall_unit | write_file $units/hashistack-firewall.service
    ensure_running hashistack-firewall $units/hashistack-firewall.service $etc/firewall.nft
  else
    remove_units hashistack-firewall.service
  fi
}

keepalived_settings() {
  cat <<EOF
# Made by hashistack: the ingress's virtual address is where Traefik answers.
global_defs {
  enable_script_security
}

vrrp_script ingress {
  script "/usr/bin/curl --silent --fail --max-time 1 --output /dev/null http://127.0.0.1:$admin_port/ping"
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
$(for peer in $VIP_PEERS; do echo "    $peer"; done)
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

# Written before the package is installed: apt starts keepalived only where this file is.
write_keepalived_settings() {
  [ -n "$VIP" ] && is_ingress || return 0
  made_by_us /etc/keepalived/keepalived.conf || set_aside /etc/keepalived/keepalived.conf
  install -d -m 0755 /etc/keepalived
  keepalived_settings | write_file /etc/keepalived/keepalived.conf
}

ensure_virtual_address() {
  if [ -n "$VIP" ] && is_ingress; then
    ensure_running keepalived /etc/keepalived/keepalived.conf
  elif made_by_us /etc/keepalived/keepalived.conf; then
    systemctl disable --quiet --now keepalived
    rm -rf /etc/keepalived/keepalived.conf $state/started/keepalived
  fi
}

# Downloads run while apt works: the network waits for the one, the disk for the other.
begin_downloads() {
  downloads=
  command -v curl >/dev/null || return 0
  for name in consul nomad; do
    fetch $name &
    downloads="$downloads $!"
  done
}

end_downloads() {
  for download in $downloads; do wait "$download" || exit 1; done
  fetch consul
  fetch nomad
}

install_machine() { # FOLDER
  if [ -e "$1/node.env" ]; then load_settings "$1/node.env"; else load_settings $etc/node.env; fi
  check_machine
  keep_uploads "$1"
  adopt_foreign_agents
  begin_downloads
  note_before_docker
  write_keepalived_settings
  ensure_packages
  end_downloads
  ensure_user consul /opt/consul
  ensure_folders
  ensure_binary consul
  ensure_binary nomad
  ensure_kernel_settings
  ensure_docker
  ensure_dns
  ensure_firewall
  ensure_virtual_address
  sync -f $state
  say "$NODE_NAME has everything that its agents need"
}

# ---------------------------------------------------------------------------------------------------- agents

words() { for word in $1; do printf '%s"%s"' "${separator:-}" "$word" && separator=', '; done; }
quoted() { (separator='' && words "$*"); }
other_servers() { for server in $SERVERS; do [ "$server" = "$ADDRESS" ] || printf '%s ' "$server"; done; }

ensure_certificates() {
  printf %s "$TLS_CA" | base64 -d | write_file $tls/ca.pem 0644
  printf %s "$TLS_CERT" | base64 -d | write_file $tls/cert.pem 0644
  printf %s "$TLS_KEY" | base64 -d | write_file $tls/key.pem 0640 root:consul
  begins=$(certificate_date cert startdate)
  [ "$begins" -le "$(date +%s)" ] ||
    fail "the certificate of $NODE_NAME is valid from $(date -d "@$begins") on, but the clock shows $(date)" "set the clock right (timedatectl)"
  openssl x509 -in $tls/cert.pem -noout -checkend 0 >/dev/null ||
    fail "the certificate of $NODE_NAME has expired" "run hashistack up: it makes new ones"
}

certificate_date() { # ca|cert startdate|enddate: seconds since 1970
  date -d "$(openssl x509 -in "$tls/$1.pem" -noout "-$2" | cut -d = -f 2)" +%s
}

link_binary() { # consul|nomad
  software "$1"
  [ -x "$binary" ] || fail "$1 $version is not installed" "run bootstrap.sh install first"
  [ "$(readlink "/usr/local/bin/$1")" = "$binary" ] || { ln -sf "$binary" "/usr/local/bin/$1.new" && mv -fT "/usr/local/bin/$1.new" "/usr/local/bin/$1"; }
}

consul_settings() {
  cat <<EOF
# Made by hashistack.
datacenter = "$DATACENTER"
node_name  = "$NODE_NAME"
data_dir   = "/opt/consul"

# Other machines speak TLS with a certificate of this cluster; plain HTTP and DNS are for this machine alone.
bind_addr   = "$ADDRESS"
client_addr = "127.0.0.1"

addresses {
  https = "$ADDRESS 127.0.0.1"
}

ports {
  http     = 8500
  https    = 8501
  dns      = 8600
  grpc     = -1
  grpc_tls = -1
  serf_wan = -1
}

retry_join = [$(quoted "$(other_servers)")]
EOF
  if is_server; then
    cat <<EOF

server           = true
bootstrap_expect = $SERVER_COUNT

# A new leader within seconds; the default is for slow clouds.
performance {
  raft_multiplier = 1
}
EOF
  fi
  cat <<EOF

tls {
  defaults {
    ca_file         = "$tls/ca.pem"
    cert_file       = "$tls/cert.pem"
    key_file        = "$tls/key.pem"
    verify_incoming = true
    verify_outgoing = true
  }

  internal_rpc {
    verify_server_hostname = true
  }
}

acl {
  enabled                  = true
  default_policy           = "deny"
  down_policy              = "extend-cache"
  enable_token_persistence = true
}

connect {
  enabled = false
}

# Nomad and its templates ask a lot, all from 127.0.0.1.
limits {
  http_max_conns_per_client = 1000
}

# SIGTERM (stop, restart, reboot) stays a member; SIGINT, which only \`bootstrap.sh remove\` sends, leaves the cluster.
leave_on_terminate      = false
skip_leave_on_interrupt = false
disable_update_check    = true
EOF
}

consul_secrets() {
  cat <<EOF
# Made by hashistack.
encrypt = "$CONSUL_GOSSIP_KEY"

acl {
  tokens {
    agent = "$CONSUL_AGENT_TOKEN"
    dns   = "$CONSUL_DNS_TOKEN"
  }
}
EOF
}

consul_unit() {
  cat <<EOF
# Made by hashistack.
[Unit]
Description=Consul (hashistack)
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
# Not notify: Consul says that it is ready only when it has met another machine.
Type=exec
User=consul
Group=consul
ExecStart=/usr/local/bin/consul agent -config-dir=/etc/consul.d
ExecReload=/bin/kill -HUP \$MAINPID
KillMode=process
KillSignal=SIGTERM
# The code of both agents when they stop without leaving.
SuccessExitStatus=1
Restart=always
RestartSec=1
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
EOF
}

nomad_settings() {
  cat <<EOF
# Made by hashistack.
region     = "global"
datacenter = "$DATACENTER"
name       = "$NODE_NAME"
data_dir   = "/opt/nomad"
bind_addr  = "0.0.0.0"

advertise {
  http = "$ADDRESS"
  rpc  = "$ADDRESS"
  serf = "$ADDRESS"
}

acl {
  enabled = true
}

# Consul reads Nomad's keys without a certificate of its own: that is why clients of HTTP need none. They need a token.
tls {
  http                   = true
  rpc                    = true
  ca_file                = "$tls/ca.pem"
  cert_file              = "$tls/cert.pem"
  key_file               = "$tls/key.pem"
  verify_server_hostname = true
  verify_https_client    = false
}

consul {
  address          = "127.0.0.1:8500"
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
EOF
  ! is_server || nomad_server_settings
  ! is_client || nomad_client_settings
  cat <<EOF

# SIGTERM (stop, restart, reboot) stays a member; SIGINT, which only \`bootstrap.sh remove\` sends, leaves the cluster.
leave_on_terminate   = false
leave_on_interrupt   = true
disable_update_check = true
EOF
}

nomad_server_settings() {
  cat <<EOF

server {
  enabled          = true
  bootstrap_expect = $SERVER_COUNT
  raft_multiplier  = 1

  server_join {
    retry_join = [$(quoted "$(other_servers)")]
  }

  # A machine that died is known as down within 15 seconds, also if it was the leader.
  min_heartbeat_ttl      = "5s"
  heartbeat_grace        = "5s"
  failover_heartbeat_ttl = "10s"

  # A machine that was off for less than a month is let in again without a new introduction.
  node_gc_threshold = "720h"

  client_introduction {
    enforcement          = "strict"
    default_identity_ttl = "5m"
    max_identity_ttl     = "30m"
  }
}
EOF
}

nomad_client_settings() {
  cat <<EOF

client {
  enabled           = true
  node_pool         = "${POOL:-default}"
  network_interface = "$(interface)"
  alloc_mounts_dir  = "/opt/nomad/alloc_mounts"
  cni_path          = "$(cni_path)"

  server_join {
    retry_join = [$(quoted "$SERVERS")]
  }

  meta {
    rack    = "$RACK"
    ingress = "$(is_ingress && echo true || echo false)"
  }
$(for volume in $VOLUMES; do printf '\n  host_volume "%s" {\n    path = "%s"\n  }\n' "${volume%%=*}" "${volume#*=}"; done)

  # Consul or Nomad's servers may be away for long: what runs goes on running.
  template {
    consul_retry {
      attempts = 0
    }

    nomad_retry {
      attempts = 0
    }
  }

  # No cloud here; asking for one costs seconds at every start.
  options = {
    "fingerprint.denylist" = "env_aws,env_gce,env_azure,env_digitalocean"
  }
}

plugin "docker" {
  config {
    allow_privileged = false

    volumes {
      enabled = false
    }

    extra_labels = ["job_name", "task_group_name", "task_name"]
  }
}
EOF
}

nomad_secrets() {
  cat <<EOF
# Made by hashistack.
consul {
  token = "$CONSUL_NOMAD_TOKEN"
}
EOF
  ! is_server || cat <<EOF

server {
  encrypt = "$NOMAD_GOSSIP_KEY"
}
EOF
}

nomad_unit() {
  cat <<EOF
# Made by hashistack.
[Unit]
Description=Nomad (hashistack)
Wants=network-online.target consul.service docker.service
After=network-online.target consul.service docker.service hashistack-dns.service
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart=/usr/local/bin/nomad agent -config=/etc/nomad.d
ExecReload=/bin/kill -HUP \$MAINPID
# Containers and their helpers outlive the agent: the next one finds them again.
KillMode=process
KillSignal=SIGTERM
SuccessExitStatus=1
Restart=always
RestartSec=1
LimitNOFILE=65536
LimitNPROC=infinity
TasksMax=infinity
OOMScoreAdjust=-1000

[Install]
WantedBy=multi-user.target
EOF
}

ensure_consul() {
  link_binary consul
  consul_settings | write_file /etc/consul.d/consul.hcl
  consul_secrets | write_file /etc/consul.d/secrets.hcl 0640 root:consul
  consul_unit | write_file $units/consul.service
  ensure_running consul $units/consul.service /usr/local/bin/consul /etc/consul.d/*.hcl $tls/*.pem
  wait_until 60 "Consul on $NODE_NAME" answers http://127.0.0.1:8500/v1/status/leader || fail_with_log consul "Consul does not answer"
}

ensure_nomad() {
  link_binary nomad
  nomad_settings | write_file /etc/nomad.d/nomad.hcl
  nomad_secrets | write_file /etc/nomad.d/secrets.hcl 0600
  nomad_unit | write_file $units/nomad.service
  ensure_running nomad $units/nomad.service /usr/local/bin/nomad /etc/nomad.d/*.hcl $tls/*.pem
  wait_until 60 "Nomad on $NODE_NAME" answers https://127.0.0.1:4646/ || fail_with_log nomad "Nomad does not answer"
}

# An answer of any kind: there may be no leader yet.
answers() { # URL
  curl --silent --output /dev/null --max-time 3 --cacert $tls/ca.pem "$1"
}

# ---------------------------------------------------------------------------------------------------- health gate

# A gate never asks more than there was before: a cluster that is being made, or that is down, has no leader to wait for.
status_url() { # consul|nomad HOST
  case $1 in consul) echo "https://$2:8501/v1/status" ;; nomad) echo "https://$2:4646/v1/status" ;; esac
}

leads() { ask "$(status_url "$1" "$2")/leader" 2>/dev/null | grep -q '[0-9]'; }

somebody_leads() { # consul|nomad
  for server in $(other_servers) $ADDRESS; do
    if leads "$1" "$server"; then return; fi
  done
  return 1
}

see_cluster() {
  consul_led=no nomad_led=no was_ready=no
  ! somebody_leads consul || consul_led=yes
  ! somebody_leads nomad || nomad_led=yes
  ! node_is ready || was_ready=yes
  for server in $(other_servers); do
    theirs=$(ask --head "https://$server:4646/v1/status/leader" 2>/dev/null | sed -n 's/^[Dd]ate: *//p' | tr -d '\r') || :
    [ -n "$theirs" ] || continue
    skew=$(($(date +%s) - $(date -d "$theirs" +%s)))
    [ ${skew#-} -le 30 ] || fail "the clocks of $NODE_NAME and $server differ by ${skew#-} seconds" "let systemd-timesyncd or chrony set both"
    return 0
  done
}

is_member() { # consul|nomad: there is a leader, and this server, if it is one, is a peer of it
  leads "$1" 127.0.0.1 || return 1
  ! is_server || ask "$(status_url "$1" 127.0.0.1)/peers" | grep -q "\"$ADDRESS:"
}

pass_gate() {
  [ $consul_led = no ] || wait_until 90 "Consul's leader to know $NODE_NAME" is_member consul ||
    fail_with_log consul "Consul had a leader before, and now $NODE_NAME is not one of its members"
  [ $nomad_led = no ] || wait_until 90 "Nomad's leader to know $NODE_NAME" is_member nomad ||
    fail_with_log nomad "Nomad had a leader before, and now $NODE_NAME is not one of its members"
  [ $was_ready = no ] || wait_until 90 "the node $NODE_NAME to be ready" node_is ready ||
    fail_with_log nomad "the node was ready before and is not now"
}

node_id() { cat /opt/nomad/client/client-id 2>/dev/null; }

node_is() { # ready|eligible|...
  [ -n "$NOMAD_NODE_TOKEN" ] && [ -n "$(node_id)" ] || return 1
  ask_with_token X-Nomad-Token "$NOMAD_NODE_TOKEN" "https://127.0.0.1:4646/v1/node/$(node_id)" |
    grep -Eq "\"(Status|SchedulingEligibility)\":\"$1\""
}

# ---------------------------------------------------------------------------------------------------- start

drain_unit() {
  cat <<EOF
# Made by hashistack. Never restarted, for that would drain: only the end of the machine stops it.
[Unit]
Description=Drain this node when the machine shuts down (hashistack)
After=network-online.target docker.service consul.service nomad.service
StartLimitIntervalSec=0

[Service]
Type=simple
RemainAfterExit=yes
ExecStart=$lib/bootstrap.sh undrain
ExecStop=/bin/sh -c '[ "\$\$(systemctl is-system-running)" != stopping ] || $lib/bootstrap.sh drain'
TimeoutStopSec=100

[Install]
WantedBy=multi-user.target
EOF
}

ensure_drain_at_shutdown() {
  is_client || return 0
  drain_unit | write_file $units/hashistack-drain.service
  is_active hashistack-drain && started_with hashistack-drain $units/hashistack-drain.service && return
  systemctl enable --quiet --now hashistack-drain
  note_start hashistack-drain $units/hashistack-drain.service
}

snapshot_unit() {
  cat <<EOF
# Made by hashistack.
[Unit]
Description=Save the state of Consul and Nomad (hashistack)
After=consul.service nomad.service

[Service]
Type=oneshot
ExecStart=$lib/bootstrap.sh snapshot
EOF
}

snapshot_timer() {
  cat <<EOF
# Made by hashistack.
[Unit]
Description=Save the state of Consul and Nomad regularly (hashistack)

[Timer]
OnActiveSec=5min
OnUnitActiveSec=${SNAPSHOT_EVERY}s
AccuracySec=1s

[Install]
WantedBy=timers.target
EOF
}

ensure_snapshots() {
  if is_server && [ -n "$SNAPSHOT_EVERY" ]; then
    snapshot_unit | write_file $units/hashistack-snapshot.service
    snapshot_timer | write_file $units/hashistack-snapshot.timer
    ensure_running hashistack-snapshot.timer $units/hashistack-snapshot.service $units/hashistack-snapshot.timer
  else
    remove_units hashistack-snapshot.timer hashistack-snapshot.service
  fi
}

remove_old_binaries() {
  for old in "$lib"/bin/*; do
    case "$old" in
      "$(readlink /usr/local/bin/consul)" | "$(readlink /usr/local/bin/nomad)") ;;
      *) rm -f "$old" ;;
    esac
  done
}

start_agents() { # FOLDER
  keep_uploads "$1"
  load_settings $etc/node.env
  [ -r $etc/secrets.env ] || fail "there is no $etc/secrets.env" "upload it beside the script, as terraform apply does"
  load_tokens
  ensure_certificates
  see_cluster
  ensure_consul
  ensure_nomad
  pass_gate
  ensure_drain_at_shutdown
  ensure_snapshots
  remove_old_binaries
  sync -f $state
  say "Consul $CONSUL_VERSION and Nomad $NOMAD_VERSION run on $NODE_NAME"
}

# ---------------------------------------------------------------------------------------------------- receive

receive_tokens() {
  load_settings $etc/node.env
  cat >$etc/received.new
  load $etc/received.new "NOMAD_NODE_TOKEN NOMAD_SNAPSHOT_TOKEN NOMAD_INTRO_TOKEN"
  rm $etc/received.new
  printf "NOMAD_NODE_TOKEN='%s'\nNOMAD_SNAPSHOT_TOKEN='%s'\n" "$NOMAD_NODE_TOKEN" "$NOMAD_SNAPSHOT_TOKEN" | write_file $etc/nomad.env 0600
  if [ -n "$NOMAD_INTRO_TOKEN" ] && is_client; then introduce; fi
  say "$NODE_NAME has its tokens of Nomad"
}

# Nomad reads the token once, at its start, and a used one keeps a node out that the servers have forgotten meanwhile.
introduce() {
  intro=/opt/nomad/client/intro_token.jwt
  if [ -e $intro ]; then # Nomad must first learn, without any token, that its old identity is worth nothing
    rm $intro
    systemctl restart nomad && sleep 3
  fi
  echo "$NOMAD_INTRO_TOKEN" | write_file $intro 0600
  say "introducing $NODE_NAME to Nomad's servers"
  systemctl restart nomad || fail_with_log nomad "Nomad does not start"
  wait_until 90 "Nomad's servers to accept $NODE_NAME" node_is ready || fail_with_log nomad "Nomad's servers do not accept $NODE_NAME"
  rm $intro
}

# ---------------------------------------------------------------------------------------------------- drain, snapshot

nomad_with_token() { # TOKEN ARGUMENT...
  NOMAD_ADDR=https://127.0.0.1:4646 NOMAD_CACERT=$tls/ca.pem NOMAD_TOKEN=$1 sh -c 'shift && exec nomad "$@"' - "$@"
}

# System jobs too: Nomad ends them last, so the ingress stops answering its health check, finishes its requests, then
# ends, all while the network still works. No use without another machine that can take over.
drain_node() { # DEADLINE in seconds
  load_settings $etc/node.env
  load_tokens
  if ! is_client || ! node_is eligible || ! somebody_can_take_over; then return 0; fi
  say "draining $NODE_NAME"
  : >$state/drained
  nomad_with_token "$NOMAD_NODE_TOKEN" node drain -enable -yes -deadline "${1}s" "$(node_id)" >/dev/null 2>&1 &
  wait_until $(($1 + 15)) "the node to be drained" has_ended $! || warn "not everything moved away in time"
}

has_ended() { ! kill -0 "$1" 2>/dev/null; }

somebody_can_take_over() {
  nodes=$(ask_with_token X-Nomad-Token "$NOMAD_NODE_TOKEN" https://127.0.0.1:4646/v1/nodes) || return 1
  [ "$(echo "$nodes" | grep -o '"Status":"ready"' | wc -l)" -gt 1 ]
}

# Only what `drain` did is undone: a node that an operator drained stays drained.
undrain_node() {
  [ -e $state/drained ] || return 0
  load_settings $etc/node.env
  load_tokens
  wait_until 86400 "Nomad's servers" is_undrained
  rm $state/drained
  say "$NODE_NAME takes work again"
}

is_undrained() { nomad_with_token "$NOMAD_NODE_TOKEN" node drain -disable -yes "$(node_id)" >/dev/null 2>&1; }

is_leader() { ask "$(status_url "$1" 127.0.0.1)/leader" 2>/dev/null | grep -q "\"$ADDRESS:"; }

save_snapshots() {
  load_settings $etc/node.env
  load_tokens
  install -d -m 0700 $state/snapshots
  ! is_leader consul || save_snapshot consul X-Consul-Token "$CONSUL_SNAPSHOT_TOKEN" http://127.0.0.1:8500/v1/snapshot
  ! is_leader nomad || save_snapshot nomad X-Nomad-Token "$NOMAD_SNAPSHOT_TOKEN" https://127.0.0.1:4646/v1/operator/snapshot
}

save_snapshot() { # consul|nomad HEADER TOKEN URL
  saved=$state/snapshots/$1-$(date -u +%Y%m%dT%H%M%SZ).snap
  if ask_with_token "$2" "$3" --max-time 300 --output "$saved.part" "$4" && gzip --test "$saved.part"; then
    mv "$saved.part" "$saved"
    say "saved $saved"
    find $state/snapshots -name "$1-*.snap" | sort -r | tail -n "+$((SNAPSHOT_KEEP + 1))" | xargs -r rm -f
  else
    rm -f "$saved.part"
    fail "the state of $1 could not be saved" "run hashistack doctor: the snapshot token may be missing or refused"
  fi
}

# ---------------------------------------------------------------------------------------------------- remove

remove_units() { # UNIT...
  for unit; do
    [ -e "$units/$unit" ] || continue
    systemctl disable --quiet --now "$unit" 2>/dev/null || :
    rm -f "$units/$unit" "$state/started/${unit%.service}"
  done
}

leave_cluster() { # consul|nomad: SIGINT means to leave, and the others forget this machine
  is_active "$1" || return 0
  say "$1 leaves the cluster"
  systemctl disable --quiet "$1" 2>/dev/null || :
  systemctl kill --kill-whom=main --signal=INT "$1" 2>/dev/null || systemctl kill --kill-who=main --signal=INT "$1" || :
  (sleep 0.2 && systemctl stop --no-block "$1") & # so that it is not started again; SIGTERM does not hurry a leaving agent
  wait_until 30 "$1 to leave" no_process "$1" || systemctl kill --signal=KILL "$1" || :
}

forget_node() { # the servers would show it as down for a month
  [ -n "$NOMAD_NODE_TOKEN" ] && [ -n "$(node_id)" ] || return 0
  for server in $(other_servers); do
    if ask_with_token X-Nomad-Token "$NOMAD_NODE_TOKEN" --request PUT --output /dev/null "https://$server:4646/v1/node/$(node_id)/purge"; then return 0; fi
  done
}

remove_containers() {
  command -v docker >/dev/null || return 0
  docker ps --all --quiet --filter label=com.hashicorp.nomad.alloc_id 2>/dev/null | xargs -r docker rm --force >/dev/null || :
}

unmount_allocations() {
  awk '$2 ~ "^/opt/nomad/" { print $2 }' /proc/mounts | sort -r | xargs -r umount --lazy
}

remove_dns() {
  remove_units hashistack-resolv.path hashistack-resolv.service hashistack-dns.service
  if [ -e /etc/systemd/resolved.conf.d/hashistack.conf ]; then
    rm -f /etc/systemd/resolved.conf.d/hashistack.conf
    rmdir /etc/systemd/resolved.conf.d 2>/dev/null || :
    systemctl restart systemd-resolved
  fi
}

remove_keepalived() {
  made_by_us /etc/keepalived/keepalived.conf || return 0
  systemctl disable --quiet --now keepalived 2>/dev/null || :
  rm -f /etc/keepalived/keepalived.conf
  [ ! -e /etc/keepalived/keepalived.conf.before-hashistack ] || mv /etc/keepalived/keepalived.conf.before-hashistack /etc/keepalived/keepalived.conf
}

docker_is_ours() { grep -qsx docker.io $state/packages; }

remove_docker_settings() {
  [ -e $etc/docker.json ] || return 0
  rm -f /etc/docker/daemon.json
  if docker_is_ours; then
    systemctl stop --quiet docker.socket docker containerd 2>/dev/null || :
    ip link delete docker0 2>/dev/null || :
    rm -rf /etc/docker
  else
    [ ! -e $state/daemon.json.theirs ] || mv $state/daemon.json.theirs /etc/docker/daemon.json
    systemctl restart docker || :
  fi
}

# Rules of Nomad's networks, and of a Docker that was ours; those of others stay.
remove_packet_rules() {
  ip link delete nomad 2>/dev/null || :
  rules='CNI-|NOMAD-'
  ! docker_is_ours || rules="$rules|DOCKER|docker0|172\\.17\\."
  for table in iptables ip6tables; do
    command -v $table-save >/dev/null || continue
    $table-save 2>/dev/null | grep -E "$rules" >/dev/null || continue
    $table-save | grep -Ev "$rules" | sed "s/^:FORWARD DROP/:FORWARD $(cat $state/forward 2>/dev/null || echo DROP)/" | $table-restore
  done
}

remove_packages() {
  [ -s $state/packages ] || return 0
  others=$(xargs apt-get --simulate purge <$state/packages 2>/dev/null | awk '$1 == "Purg" || $1 == "Remv" { print $2 }' | sort | comm -23 - $state/packages)
  if [ -n "$others" ]; then
    # shellcheck disable=SC2086 # a list of words
    warn "the packages that were installed stay, because others need them by now:" $others
    return 0
  fi
  say "removing packages"
  xargs apt-get --quiet=2 --yes --option DPkg::Lock::Timeout=120 --option Dpkg::Use-Pty=0 purge <$state/packages >/dev/null 2>&1 ||
    warn "apt-get could not remove $(tr '\n' ' ' <$state/packages)"
}

remove_users() {
  [ -e $state/users ] || return 0
  while read -r user; do userdel "$user" 2>/dev/null || :; done <$state/users
}

remove_data() {
  if [ -e $etc/purge ]; then
    rm -rf /opt/consul /opt/nomad $state
    [ -z "$docker_was_ours" ] || rm -rf /var/lib/docker /var/lib/containerd
    say "the data of this cluster on $NODE_NAME are gone"
  else
    rm -rf $state/started $state/packages $state/users $state/forward $state/daemon.json.theirs $state/drained
    chown -R root:root /opt/consul 2>/dev/null || :
    say "kept: /opt/consul, /opt/nomad, $state and Docker's volumes"
  fi
}

remove_all() {
  [ -d $lib ] || [ -d $etc ] || { say "there is nothing of hashistack here" && return; }
  if [ -r $etc/node.env ]; then load_settings $etc/node.env; else NODE_NAME=$(hostname) ADDRESS='' ROLES='' SERVERS=''; fi
  NOMAD_NODE_TOKEN=''
  if [ -r $etc/secrets.env ]; then
    load_tokens
    (drain_node 30) || :
  fi
  remove_units hashistack-drain.service hashistack-snapshot.timer hashistack-snapshot.service
  leave_cluster nomad
  remove_containers
  forget_node || :
  leave_cluster consul
  remove_units nomad.service consul.service
  unmount_allocations
  remove_dns
  remove_keepalived
  remove_units hashistack-firewall.service
  remove_docker_settings
  remove_packet_rules
  docker_was_ours=$(docker_is_ours && echo yes || :)
  remove_packages
  remove_users
  rm -rf /usr/local/bin/consul /usr/local/bin/nomad /etc/consul.d /etc/nomad.d /etc/sysctl.d/90-hashistack.conf \
    /etc/modules-load.d/hashistack.conf /var/lib/cni $cache
  remove_data
  rm -rf $etc $lib
  systemctl daemon-reload
  systemctl reset-failed 2>/dev/null || :
  say "hashistack is gone from $NODE_NAME"
}

# ---------------------------------------------------------------------------------------------------- report

fact() { # NAME VALUE: unknown is left out
  [ -z "$2" ] || printf "%s='%s'\n" "$1" "$(printf %s "$2" | sed "s/'/'\\\\''/g")"
}

yes_or_no() { if "$@" >/dev/null 2>&1; then echo yes; else echo no; fi; }
version_of() { "$1" version 2>/dev/null | sed -n "1s/.*v\([0-9][^ ]*\).*/\1/p"; }

running_version() { # consul|nomad
  pid=$(systemctl show --property MainPID --value "$1")
  [ "${pid:-0}" = 0 ] || version_of "/proc/$pid/exe"
}

report_unit() { # NAME UNIT
  activity=$(systemctl is-active "$2" || :)
  fact "UNIT_$1" "$activity"
  [ "$activity" = active ] || fact "LOG_$1" "$(journalctl --unit "$2" --lines 5 --no-pager --output cat 2>/dev/null | tail -c 500 | sed ':a; N; $!ba; s/\n/\\n/g')"
}

resolves() { timeout 5 getent -s hosts:dns ahosts "${1:-consul.service.consul}"; }

# With the network and the name servers of a container, but with this machine's programs: it may have none of its own.
resolves_in_container() {
  container=$(docker ps --quiet --filter network=bridge | head -n 1)
  [ -n "$container" ] || return 2
  pid=$(docker inspect --format '{{.State.Pid}}' "$container")
  names=$(docker inspect --format '{{.ResolvConfPath}}' "$container")
  nsenter --target "$pid" --net unshare --mount sh -c "mount --bind '$names' /etc/resolv.conf &&
    timeout 5 getent -s hosts:dns ahosts consul.service.consul" >/dev/null 2>&1
}

report_dns() {
  fact DNS_HOST "$(yes_or_no resolves)"
  is_client || return 0
  code=0
  resolves_in_container || code=$?
  case $code in 0) fact DNS_CONTAINER yes ;; 2) ;; *) fact DNS_CONTAINER no ;; esac
}

report_room() { # NAME FOLDER
  df -Pk "$2" 2>/dev/null | awk -v name="$1" 'NR == 2 { printf "%s_SIZE=\047%d\047\n%s_FREE=\047%d\047\n", name, $2 / 1024, name, $4 / 1024 }'
}

report() {
  load_settings $etc/node.env
  load_tokens
  fact HOST_NAME "$NODE_NAME"
  fact HOST_ROLES "$ROLES"
  fact OS "$(. /etc/os-release && echo "$ID $VERSION_ID")"
  fact ARCH "$(architecture)"
  fact TIME "$(date +%s)"
  fact TIME_SYNC "$(timedatectl show --property NTPSynchronized --value 2>/dev/null)"
  fact UPTIME "$(cut -d . -f 1 /proc/uptime)"
  fact NOMAD_WANTED "$NOMAD_VERSION"
  fact CONSUL_WANTED "$CONSUL_VERSION"
  fact NOMAD_VERSION "$(version_of nomad)"
  fact CONSUL_VERSION "$(version_of consul)"
  fact NOMAD_RUNNING "$(running_version nomad)"
  fact CONSUL_RUNNING "$(running_version consul)"
  fact DOCKER_VERSION "$(timeout 5 docker version --format '{{.Server.Version}}' 2>/dev/null)"
  report_unit consul consul
  report_unit nomad nomad
  ! is_client || report_unit docker docker
  report_unit dnsmasq hashistack-dns
  [ -z "$VIP" ] || ! is_ingress || report_unit keepalived keepalived
  if is_server; then
    fact UNIT_snapshot "$(snapshot_result)"
    fact SNAPSHOT_EVERY "$SNAPSHOT_EVERY"
    fact SNAPSHOT_TIME "$(find $state/snapshots -name '*.snap' -printf '%Ts\n' 2>/dev/null | sort -n | tail -n 1)"
  fi
  fact CERT_EXPIRES "$(certificate_date cert enddate)"
  fact CA_EXPIRES "$(certificate_date ca enddate)"
  fact CONSUL_LEADER "$(yes_or_no leads consul 127.0.0.1)"
  fact NOMAD_LEADER "$(yes_or_no leads nomad 127.0.0.1)"
  report_dns
  report_room DISK_ROOT /opt
  report_room DISK_DOCKER /var/lib/docker
  awk '/^MemTotal/ { printf "MEMORY_SIZE=\047%d\047\n", $2 / 1024 } /^MemAvailable/ { printf "MEMORY_FREE=\047%d\047\n", $2 / 1024 }' /proc/meminfo
  [ ! -e $state/drained ] || fact DRAINED_BY_US yes
  fact NOMAD_TOKEN "$(yes_or_no ask_with_token X-Nomad-Token "$NOMAD_NODE_TOKEN" https://127.0.0.1:4646/v1/acl/token/self)"
  fact CONSUL_TOKEN "$(yes_or_no ask_with_token X-Consul-Token "$CONSUL_AGENT_TOKEN" http://127.0.0.1:8500/v1/acl/token/self)"
}

snapshot_result() {
  [ -n "$(systemctl show --property ExecMainExitTimestamp --value hashistack-snapshot)" ] || { echo never && return; }
  systemctl show --property Result --value hashistack-snapshot
}

# ---------------------------------------------------------------------------------------------------- main

one_at_a_time() {
  exec 9>/run/lock/hashistack-bootstrap.lock
  flock --nonblock 9 || {
    say "waiting for another run of this script on this machine"
    flock --timeout 900 9 || fail "another run of this script does not end" "see: fuser -v /run/lock/hashistack-bootstrap.lock"
  }
}

usage() {
  sed -n '4,12s/^# *//p' "$0" >&2
  exit 64
}

main() {
  verb=${1:-}
  folder=${2:-$(dirname "$0")}
  folder=$(cd "$folder" && pwd)
  NODE_NAME=$(hostname)
  case $verb in install | start | receive | remove) one_at_a_time ;; esac
  case $verb in
    check) check "$folder" ;;
    install) install_machine "$folder" ;;
    start) start_agents "$folder" ;;
    receive) receive_tokens ;;
    remove) remove_all ;;
    snapshot) save_snapshots ;;
    drain) drain_node 60 ;;
    undrain) undrain_node ;;
    report) report ;;
    resolv-on) write_resolv on ;;
    resolv-off) write_resolv off ;;
    *) usage ;;
  esac
}

main "$@"
