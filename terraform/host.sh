#!/bin/sh
# What only machines of one's own need, whose past and neighbours nobody knows: bootstrap.sh sources this file where it
# lies beside it, and has set all variables.
# shellcheck disable=SC2154,SC2034,SC2086

WRITTEN=20261121 # no clock is right that shows an earlier day

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
  # What runs in a container is no agent of this machine: jobs ask Consul with its own program.
  for pid in $(pgrep -x --ns $$ --nslist pid "$1"); do
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

# --- install: other agents, firewall, virtual address

prepare_host() {
  adopt_foreign_agents
  prepare_virtual_address
}

finish_host() {
  ensure_firewall
  ensure_virtual_address
}

adopt_foreign_agents() {
  for agent in nomad consul; do
    found=$(foreign_agent $agent)
    [ -n "$found" ] || continue
    say "adopting this machine from another $agent: $found"
    systemctl disable -q --now $agent 2>/dev/null || :
    pkill -x --ns $$ --nslist pid $agent || :
    wait_until 20 "the other $agent to end" no_process $agent || fail "$agent does not end" "stop it by hand"
    set_aside /etc/$agent.d
    set_aside /opt/$agent
    set_aside $units/$agent.service
  done
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
    ip saddr @cluster tcp dport { 4647-4648, 8300-8301, ${admin_port:-8082}, 10000-19999, 20000-32000 } accept
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

# --- introduction

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

# --- remove

bring_back() { # PATH
  rm -f "$1"
  [ ! -e "$1.before-hashistack" ] || mv "$1.before-hashistack" "$1"
}

remove_dns() {
  remove_units hashistack-resolv.path hashistack-resolv.service hashistack-dns.service
  write_resolv_conf off # again: a name server that is gone must be nobody's first
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

# What collects the logs of tasks outlives Nomad, so that it may restart; now and then one outlives its task, too.
end_helpers() {
  for process in /proc/[0-9]*; do
    case $(readlink "$process/exe" || :) in "$lib"/bin/*) kill "${process#/proc/}" 2>/dev/null || : ;; esac
  done
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
  containers -aq | xargs -r docker rm -f >/dev/null || :
  one_of "$(other_servers)" purge_node || : # else it would be listed as down for a month
  leave_cluster consul
  remove_units nomad.service consul.service
  end_helpers
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
