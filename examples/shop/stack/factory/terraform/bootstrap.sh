#!/bin/sh
# Turns one machine into a member of a hashistack cluster: Docker, Consul, Nomad and DNS for .consul, as systemd units.
#
#   check [FOLDER]     say all that stands in the way; change nothing
#   install [FOLDER]   packages, binaries, Docker, DNS, firewall; running agents are not touched
#   start [FOLDER]     configure the agents, (re)start what changed, pass the health gate
#   receive            take Nomad's tokens from stdin
#   remove             leave the cluster, take away all that install and start made
#   report             facts as NAME='value' lines
#   boot [FOLDER]      on EC2: install, secrets from SSM, start; tell Auto Scaling how it went
#   refresh            on EC2: the same again, for what has changed
#   lifecycle          on EC2: wait until the instance is to end, then leave
#
# FOLDER has what was uploaded: node.env, secrets.env, host.sh, zips; default: where this script is. All can be run at any time:
# what is right is left alone, what was interrupted is finished.

set -eu
umask 077
export LC_ALL=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

SETTINGS="CLUSTER NODE_NAME ADDRESS ROLES RACK POOL DATACENTER SERVERS SERVER_COUNT NOMAD_VERSION CONSUL_VERSION
  SOFTWARE_FROM SOFTWARE_URL NOMAD_SHA256_amd64 NOMAD_SHA256_arm64 CONSUL_SHA256_amd64 CONSUL_SHA256_arm64
  IMAGES_MIRROR FIREWALL HOSTS SSH_PORT INGRESS_PORTS VIP VIP_PEERS VIP_PRIORITY SNAPSHOT_EVERY SNAPSHOT_KEEP
  VOLUMES ADOPT JOIN REGION PREFIX REGISTRY SNAPSHOT_BUCKET METRICS"
SECRETS="TLS_CA TLS_CERT TLS_KEY CONSUL_GOSSIP_KEY NOMAD_GOSSIP_KEY CONSUL_AGENT_TOKEN CONSUL_DNS_TOKEN
  CONSUL_NOMAD_TOKEN CONSUL_SNAPSHOT_TOKEN"
TOKENS="NOMAD_NODE_TOKEN NOMAD_SNAPSHOT_TOKEN"

etc=/etc/hashistack
tls=$etc/tls
lib=/usr/local/lib/hashistack
state=/var/lib/hashistack
cache=/var/cache/hashistack
units=/etc/systemd/system
metadata=http://169.254.169.254/latest
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
on_ec2() { [ "$JOIN" = aws ]; }
is_active() { systemctl is-active -q "$1"; }
is_missing() { ! command -v "$1" >/dev/null; }
made_by_us() { grep -qs "^# Made by hashistack" "$1"; }
no_process() { ! pgrep -x --ns $$ --nslist pid "$1" >/dev/null; }
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
  [ -n "$SERVERS" ] || on_ec2 || fail "$file is not complete" "render the stack again and apply it"
  admin_port=${INGRESS_PORTS##* } # the last one, and the only one that is not for everybody
}

load_tokens() {
  [ -r $etc/secrets.env ] || fail "there is no $etc/secrets.env" "upload it, as terraform apply does, and run start"
  load $etc/secrets.env "$SECRETS"
  touch $etc/nomad.env
  load $etc/nomad.env "$TOKENS"
  if on_ec2 && [ -z "$NOMAD_NODE_TOKEN" ] && fetch_secrets nomad; then load $etc/nomad.env "$TOKENS"; fi
}

keep_uploads() { # FOLDER
  install -d -m 0755 $etc $lib $lib/bin $cache
  install -d -m 0700 $state $state/started
  [ "$1" != $lib ] || return 0
  for name in node.env secrets.env; do
    [ ! -e "$1/$name" ] || write_file $etc/$name 0600 <"$1/$name"
  done
  find "$1" -name '*.zip' -exec mv -f {} $cache/ \;
  for name in host.sh bootstrap.sh; do
    [ ! -e "$1/$name" ] || write_file $lib/$name 0755 <"$1/$name"
  done
  case "$1" in */.hashistack) rm -rf "$1" ;; esac
}

# --- install: packages and binaries

cni_path() { if [ -x /opt/cni/bin/bridge ]; then echo /opt/cni/bin; else echo /usr/lib/cni; fi; }

missing_packages() {
  wanted="curl:curl unzip:unzip openssl:openssl dnsmasq:dnsmasq-base update-ca-certificates:ca-certificates"
  ! is_client || wanted="$wanted dockerd:docker.io iptables:iptables $(cni_path)/bridge:containernetworking-plugins"
  # Without dmidecode Nomad does not know how fast a processor of EC2 is.
  ! on_ec2 || ! is_client || wanted="$wanted dmidecode:dmidecode"
  [ -z "$REGISTRY" ] || wanted="$wanted docker-credential-ecr-login:amazon-ecr-credential-helper"
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

install_machine() { # FOLDER
  load_settings "$1"
  on_ec2 || check_machine
  keep_uploads "$1"
  on_ec2 || prepare_host
  choose_bridge
  prepare_docker
  ensure_packages
  ensure_user_and_folders
  ensure_binary consul
  ensure_binary nomad
  ensure_kernel_settings
  ensure_docker
  ensure_dns
  on_ec2 || finish_host
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

quoted() { echo "$*" | sed -E 's/([^ ]+)/"\1"/g; s/ *$//; s/  */, /g'; }

# In files of their own, whose change restarts nothing: agents that run hear of new servers from each other.
write_joins() {
  others=$(quoted "$(other_servers)")
  echo "{\"retry_join\": [$others]}" | write_file /etc/consul.d/join.json
  ! is_server || echo "{\"server\": {\"server_join\": {\"retry_join\": [$others]}}}" | write_file /etc/nomad.d/server.json
  ! is_client || echo "{\"client\": {\"server_join\": {\"retry_join\": [$(quoted "$SERVERS")]}}}" | write_file /etc/nomad.d/client.json
}

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
  # Whoever may read a client's secrets needs no introduction; the others are forgotten only after a month off.
  if on_ec2; then introduction=none forget=24h; else introduction=strict forget=720h; fi
  # A server that begins to lead waits so long for machines it has not heard of: after a power cut of all of them a
  # slow one must not be called lost, with the data of its instances. A single server always begins with itself.
  case $SERVER_COUNT in 1) failover=5m ;; *) failover=60s ;; esac
  cat <<EOF

server {
  enabled = true
  bootstrap_expect = $SERVER_COUNT
  raft_multiplier = 1

  # A machine that died is down within 20 seconds, if it did not lead. The grace is longer than a client needs to
  # leave a server that died (tcp_retries2).
  min_heartbeat_ttl = "5s"
  heartbeat_grace = "10s"
  failover_heartbeat_ttl = "$failover"

  node_gc_threshold = "$forget"

  client_introduction {
    enforcement = "$introduction"
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

  # Databases write down what they have before they end; Nomad alone allows half a minute.
  max_kill_timeout = "2m"

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

  # Asking for a cloud takes seconds where there is none; on EC2 boot has asked already.
  options = { "fingerprint.denylist" = "env_aws,env_gce,env_azure,env_digitalocean" }
}

plugin "docker" {
  config {
    allow_privileged = false
    extra_labels = ["job_name", "task_group_name", "task_name"]
    volumes { enabled = false }
$([ -z "$REGISTRY" ] || echo "    auth { config = \"$etc/registries.json\" }")
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
  rm -f $etc/purge # of a removal that did not come to its end
  keep_uploads "$1"
  load_settings
  load_tokens
  ensure_certificates
  see_cluster
  write_joins
  ensure_consul
  ensure_nomad
  pass_gate
  ensure_drain_at_shutdown
  ensure_snapshots
  remove_old_binaries
  say "Consul $CONSUL_VERSION and Nomad $NOMAD_VERSION run on $NODE_NAME"
}

# --- the cluster

# Another server by its name: in EC2 a certificate is for all servers and knows none of their addresses.
ask_at() { # HOST PORT/PATH CURL-ARGUMENT...
  host=$1 path=$2
  shift 2
  case $host in
    127.0.0.1) ask "$@" "https://$host:$path" ;;
    *) ask "$@" --connect-to "::$host:" "https://server.$DATACENTER.consul:$path" ;;
  esac
}

status() { # consul|nomad HOST leader|peers: as this host sees it; without "stale" Nomad waits for a leader
  case $1 in consul) ask_at "$2" "8501/v1/status/$3" ;; nomad) ask_at "$2" "4646/v1/status/$3?stale" ;; esac
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
  for agent in consul nomad; do ! one_of "$(other_servers) 127.0.0.1" leads $agent || led="$led $agent"; done
  ! node_is ready || ready=yes
  case $JOIN,$led in aws,*nomad) ! is_client || ready=$NOMAD_NODE_TOKEN ;; esac
  if is_server && one_of "$(other_servers)" leads nomad && { [ ! -e /opt/nomad/server ] || ! one_of "$(other_servers)" knows_us; }; then
    newcomer=yes
  fi
  for server in $(other_servers); do
    theirs=$(ask_at "$server" 4646/ --head | sed -n 's/^[Dd]ate: *//p')
    [ -n "$theirs" ] || continue
    skew=$(($(date +%s) - $(date -d "$theirs" +%s)))
    [ ${skew#-} -le 30 ] || fail "the clocks of $NODE_NAME and $server differ by ${skew#-} seconds" "let systemd-timesyncd or chrony set both"
  done
}

is_member() { # consul|nomad: there is a leader, and a server is one of its peers
  # The servers hang up on a client that nobody has introduced yet.
  [ "$1" = consul ] || is_server || on_ec2 || [ -n "$NOMAD_NODE_TOKEN" ] || return 0
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
    fail_with_log nomad "the node $NODE_NAME should be ready and is not"
}

node_id() { cat /opt/nomad/client/client-id 2>/dev/null; }
ask_nomad() { ask_with_token X-Nomad-Token "$NOMAD_NODE_TOKEN" "$@"; }

node_is() { # ready|eligible
  [ -n "$NOMAD_NODE_TOKEN" ] && [ -n "$(node_id)" ] || return 1
  ask_nomad "https://127.0.0.1:4646/v1/node/$(node_id)" | grep -Eq "\"(Status|SchedulingEligibility)\":\"$1\""
}

somebody_can_take_over() {
  [ "$(ask_nomad https://127.0.0.1:4646/v1/nodes | grep -o '"SchedulingEligibility":"eligible","Status":"ready"' | wc -l)" -gt 1 ]
}
containers() { docker ps "$1" --filter label=com.hashicorp.nomad.alloc_id 2>/dev/null; } # -q|-aq
no_containers() { [ -z "$(containers -q)" ]; }

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
  [ -z "$SNAPSHOT_BUCKET" ] || ask_aws s3 "/$SNAPSHOT_BUCKET/snapshots/${saved##*/}" -T "$saved" \
    -H "x-amz-content-sha256: UNSIGNED-PAYLOAD" >/dev/null || warn "$saved is on this machine only"
  find $state/snapshots -name "$1-*.snap" | sort -r | tail -n "+$((${SNAPSHOT_KEEP:-48} + 1))" | xargs -r rm -f
}

# --- leaving

leave_cluster() { # consul|nomad: SIGINT means to leave, and the others forget this machine
  is_active "$1" || return 0
  say "$1 leaves the cluster"
  pid=$(systemctl show -p MainPID --value "$1")
  systemctl disable -q "$1"
  rm -f "$units/$1.service" && systemctl daemon-reload # else Restart=always would start it again
  kill -INT "$pid"
  wait_until 30 "$1 to leave" no_process "$1" || warn "$1 did not leave in time; the others will call it failed"
}

purge_node() {
  printf 'header = "X-Nomad-Token: %s"\n' "$NOMAD_NODE_TOKEN" | ask_at "$1" "4646/v1/node/$(node_id)/purge" --config - -X PUT -o /dev/null
}

# --- EC2

imds() { # PATH: what the instance is told about itself; nothing where it is not told
  ticket=$(curl -sf --max-time 2 -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" $metadata/api/token) || return
  printf 'header = "X-aws-ec2-metadata-token: %s"\n' "$ticket" | curl -sf --max-time 2 --config - "$metadata/meta-data/$1"
}

field() { grep -o "\"$1\" *: *\"[^\"]*\"" | cut -d '"' -f 4; } # NAME: of JSON on stdin
endpoint() { echo "https://$1.$REGION.amazonaws.com$(case $REGION in cn-*) echo .cn ;; esac)"; }
part() { if is_server; then echo server; else echo client; fi; }

# As the role of this instance; by stdin, for everybody can read command lines. All is in the body: what stands in a
# query older releases of curl sign in another order than AWS.
sign() { # CURL-ARGUMENT...
  role=$(imds iam/security-credentials/) || return
  keys=$(imds "iam/security-credentials/$role") || return
  printf 'user = "%s:%s"\nheader = "x-amz-security-token: %s"\n' "$(echo "$keys" | field AccessKeyId)" \
    "$(echo "$keys" | field SecretAccessKey)" "$(echo "$keys" | field Token)" |
    curl -s --fail-with-body --connect-timeout 5 --max-time 60 --aws-sigv4 "aws:amz:$REGION:$service" --config - "$@"
}

ask_aws() { # SERVICE PATH CURL-ARGUMENT...: the answer; what may pass by itself is tried again
  service=$1 url=$(endpoint "$1")$2
  shift 2
  for pause in 1 2 4 8 0; do
    ! answer=$(sign "$@" "$url") || { printf '%s\n' "$answer" && return; } # not echo: it would see escapes in JSON
    case $answer in
      *ParameterNotFound*) return 1 ;;
      *"No active Lifecycle Action"*) return ;; # it is over, or was for an earlier start
      *hrottl* | *LimitExceeded* | *Unavailable* | *InternalFailure* | "") sleep $pause ;;
      *) break ;;
    esac
  done
  answer=$(printf %s "${answer:-no answer}" | tr '\n' ' ' | sed 's/<[^>]*>/ /g; s/  */ /g; s/^ //; s/ $//' | cut -c -400)
  case $answer in
    *AccessDenied* | *Unauthorized*) warn "the role of this instance lacks a right in $service: $answer" ;;
    *) warn "$url: $answer" ;;
  esac
  return 1
}

ask_by_form() { # SERVICE ACTION-AND-PARAMETERS
  ask_aws "$1" / -H "content-type: application/x-www-form-urlencoded; charset=utf-8" -d "Action=$2"
}

ask_by_json() { # SERVICE ACTION NAME-AND-VALUE...
  ask_aws "$1" / -H "content-type: application/x-amz-json-1.1" -H "x-amz-target: $2" -d "{$3}"
}

fetch_secrets() { # secrets|nomad: those for this part of the cluster
  text=$(ask_by_json ssm AmazonSSM.GetParameter "\"Name\": \"/$PREFIX/$(part)/$1.env\", \"WithDecryption\": true" |
    field Value | sed 's/\\n/\n/g')
  [ -n "$text" ] || return 1
  printf '%s\n' "$text" | write_file "$etc/$1.env" 0600
}

have_secrets() { fetch_secrets secrets || [ -e $etc/secrets.env ]; }

running_servers() {
  filters="Filter.1.Name=tag:hashistack-join&Filter.1.Value.1=$PREFIX-server"
  filters="$filters&Filter.2.Name=instance-state-name&Filter.2.Value.1=pending&Filter.2.Value.2=running"
  ask_by_form ec2 "DescribeInstances&Version=2016-11-15&$filters" |
    grep -o '<privateIpAddress>[^<]*' | cut -d '>' -f 2 | sort -u
}

know_myself() { NODE_NAME=$(imds instance-id) && ADDRESS=$(imds local-ipv4) && RACK=$(imds placement/availability-zone); }

# What Terraform cannot know.
find_myself() {
  wait_until 30 "the instance metadata" know_myself || fail "it does not answer" "see metadata_options of the launch template"
  SERVERS=$(running_servers | xargs)
  [ -n "$SERVERS" ] || fail "no instance is tagged hashistack-join=$PREFIX-server" "see the group $PREFIX-server and its activity"
  {
    grep -Ev '^(NODE_NAME|ADDRESS|RACK|SERVERS)=' $etc/node.env
    for name in NODE_NAME ADDRESS RACK SERVERS; do eval "echo \"$name='\$$name'\""; done
  } | write_file $etc/node.env 0600
}

complete_hook() { # joined|drain CONTINUE|ABANDON: nothing is the answer where no such hook waits
  instance="AutoScalingGroupName=$PREFIX-$(part)&InstanceId=$(imds instance-id)"
  ask_by_form autoscaling "CompleteLifecycleAction&Version=2011-01-01&$instance&LifecycleHookName=$1&LifecycleActionResult=$2"
}

# Debian's images have none; without it nobody gets in, but the cluster works.
ensure_session_manager() {
  ! systemctl list-unit-files | grep -q ssm-agent || return 0
  say "installing the agent of Session Manager"
  package=amazon-ssm-$REGION/latest/debian_$(architecture)/amazon-ssm-agent.deb
  if ! curl -fsSL --retry 5 -o $cache/ssm.deb "$(endpoint s3)/$package" || ! dpkg -i $cache/ssm.deb >>$cache/apt.log; then
    warn "it could not be installed; the next refresh tries again"
  fi
}

ensure_lifecycle() {
  write_unit hashistack-lifecycle.service "Leave before Auto Scaling ends this instance" multi-user.target <<EOF

[Service]
ExecStart=$lib/bootstrap.sh lifecycle
Restart=on-failure
RestartSec=5
EOF
  write_unit hashistack-refresh.service "Take part as it is now wanted" <<EOF

[Service]
Type=oneshot
ExecStart=$lib/bootstrap.sh refresh
EOF
  write_unit hashistack-refresh.timer "Take part as it is now wanted, regularly" timers.target <<EOF

[Timer]
OnActiveSec=1min
OnUnitActiveSec=1h
RandomizedDelaySec=10min
EOF
  systemctl enable -q hashistack-refresh.timer
  ensure_running hashistack-lifecycle $units/hashistack-lifecycle.service
}

boot() { # FOLDER: an instance that cannot be made a member is replaced
  load_settings "$1"
  keep_uploads "$1"
  cd / # that folder is gone
  rm -f $state/joined
  if wait_until 1500 "this machine to join" patiently $lib/bootstrap.sh refresh; then
    send_log || :
    return
  fi
  send_log || :
  complete_hook joined ABANDON >/dev/null || :
  fail "this machine could not join" "see the errors above; its group starts another one"
}

patiently() { "$@" || { sleep 10 && return 1; }; } # COMMAND...

# What it did is still to be read when an instance is gone.
send_log() {
  stream="\"logGroupName\": \"/hashistack/$PREFIX/boot\", \"logStreamName\": \"$(imds instance-id)\""
  text=$(journalctl -t hashistack -n 100 -o cat --no-pager | tr -d '"\\\000-\011\013-\037' | sed ':a; N; $!ba; s/\n/\\n/g')
  ask_by_json logs Logs_20140328.CreateLogStream "$stream" >/dev/null || :
  ask_by_json logs Logs_20140328.PutLogEvents \
    "$stream, \"logEvents\": [{\"timestamp\": $(date +%s)000, \"message\": \"$text\"}]" >/dev/null
}

send_memory() {
  used=$(awk '/^MemTotal/ { all = $2 } /^MemAvailable/ { print int(100 - 100 * $2 / all) }' /proc/meminfo)
  datum=MetricData.member.1
  group="$datum.Dimensions.member.1.Name=AutoScalingGroupName&$datum.Dimensions.member.1.Value=$PREFIX-$(part)"
  value="$datum.MetricName=MemoryUtilization&$datum.Unit=Percent&$datum.Value=$used"
  ask_by_form monitoring "PutMetricData&Version=2010-08-01&Namespace=hashistack/$PREFIX&$value&$group" >/dev/null
}

refresh() {
  load_settings
  choose_bridge
  prepare_docker # before apt starts it
  ensure_packages
  find_myself
  ensure_lifecycle
  ensure_session_manager
  [ -z "$REGISTRY" ] || echo "{\"credHelpers\": {\"$REGISTRY\": \"ecr-login\"}}" | write_file $etc/registries.json
  install_machine $lib
  wait_until 300 "the parameter /$PREFIX/$(part)/secrets.env" patiently have_secrets ||
    fail "there are no secrets for this machine" "run hashistack up, or hashistack bootstrap, which writes that parameter"
  fetch_secrets nomad || :
  start_agents $lib
  [ -e $state/joined ] || announce
  ensure_running hashistack-refresh.timer $units/hashistack-refresh.service $units/hashistack-refresh.timer
}

# Where there is a Traefik, no old machine may go before this one serves.
announce() {
  ! is_ingress || ! resolves ingress || wait_until 120 "the ingress" serves || warn "the ingress does not answer"
  complete_hook joined CONTINUE >/dev/null && touch $state/joined
}

serves() { curl -sf --max-time 1 -o /dev/null "http://127.0.0.1:$admin_port/ping"; }

watch_lifecycle() {
  load_settings
  beat=0
  until [ "$(imds autoscaling/target-lifecycle-state)" = Terminated ]; do
    if imds spot/instance-action >/dev/null; then (drain_node 60) || :; fi # two minutes are left
    beat=$(((beat + 1) % 12))
    [ -z "$METRICS" ] || [ $beat != 0 ] || send_memory & # nothing here may wait for it
    sleep 5
  done
  say "this instance is to end"
  leave_for_good
  wait_until 600 "Auto Scaling" patiently let_go
}

# The hook waits only when the load balancers have let go, which may take longer than to leave.
let_go() { complete_hook drain CONTINUE | grep -q .; }

leave_for_good() {
  [ ! -e $etc/secrets.env ] || load_tokens
  (drain_node 60) || :
  ! is_server || $lib/bootstrap.sh snapshot || :
  remove_units hashistack-refresh.timer hashistack-refresh.service hashistack-drain.service hashistack-snapshot.timer
  leave_cluster nomad
  ! is_client || one_of "$SERVERS" purge_node || :
  leave_cluster consul
}

# --- report

fact() { # NAME VALUE: what is not known is left out
  [ -z "$2" ] || printf "%s='%s'\n" "$1" "$(printf %s "$2" | sed "s/'/'\\\\''/g")"
}

yes_or_no() { if "$@" >/dev/null 2>&1; then echo yes; else echo no; fi; }
version_of() { "$1" version 2>/dev/null | sed -n '1s/.*v\([0-9][^ ]*\).*/\1/p'; }
resolves() { timeout 5 getent -s hosts:dns ahosts "$1.service.consul" >/dev/null; } # SERVICE

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
  fact DNS_HOST "$(yes_or_no resolves consul)"
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
  case ${1:-} in install | start | receive | remove | refresh) one_at_a_time ;; esac
  case ${1:-} in
    check) load_settings "$folder" && check_machine && say "nothing stands in the way on $NODE_NAME" ;;
    install) install_machine "$folder" ;;
    start) start_agents "$folder" ;;
    receive) receive_tokens ;;
    remove) remove_all ;;
    snapshot) save_snapshots ;;
    boot) boot "$folder" ;;
    refresh) refresh ;;
    lifecycle) watch_lifecycle ;;
    drain) drain_node 60 ;;
    undrain) undrain_node ;;
    report) report ;;
    resolv-on) write_resolv_conf on ;;
    resolv-off) write_resolv_conf off ;;
    *) sed -n 's/^#   //p' "$0" >&2 && exit 64 ;;
  esac
}

# What a machine in EC2, which begins bare and ends with its instance, has no use for.
# shellcheck source=/dev/null
! [ -e "$(dirname "$0")/host.sh" ] || . "$(dirname "$0")/host.sh"
main "$@"
