#!/usr/bin/env bash
# A SLURM of one node out of Debian's packages, for tests: real daemons, two GPUs that are devices in name alone.
#   benchmarks/slurm_node.sh up      installs slurm-wlm and munge where they are missing, starts the daemons
#   benchmarks/slurm_node.sh down    stops them and removes what `up` wrote; the packages stay
# As root, on Debian 12 (Slurm 22.05). Nothing is enforced: there are no cgroups, so that a container will do.
set -euo pipefail

BASE=${COLDSTART_SLURM:-/tmp/coldstart-slurm}
MARK="# written by coldstart's benchmarks/slurm_node.sh"
# SLURM looks for its configuration here; elsewhere, the variable that says where does not reach the steps of a job.
CONF=/etc/slurm/slurm.conf
GRES=/etc/slurm/gres.conf
GPUS=2
HOST=$(hostname -s)

fail() {
    echo "slurm_node.sh: $1" >&2
    exit 1
}

ours() {
    [ -f "$1" ] && head -n 1 "$1" | grep -qxF "$MARK"
}

check() {
    [ "$(id -u)" = 0 ] || fail "setting up SLURM needs root: run it as root, in a container or a virtual machine."
    for file in "$CONF" "$GRES"; do
        [ ! -e "$file" ] || ours "$file" || fail "$file is not ours: this machine has a SLURM already, use that one."
    done
}

install() {
    command -v slurmctld slurmd munged > /dev/null && return
    command -v apt-get > /dev/null || fail "there is no apt-get here: use Debian 12, or install Slurm and MUNGE yourself."
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update
    apt-get -qq install -y --no-install-recommends slurm-wlm munge > "$BASE/apt.log" 2>&1 ||
        fail "slurm-wlm and munge could not be installed: see $BASE/apt.log."
}

# The daemons ask for the machine by its name.
resolve() {
    getent hosts "$HOST" > /dev/null || echo "127.0.0.1 $HOST $MARK" >> /etc/hosts
}

authenticate() {
    munge -n 2> /dev/null | unmunge > /dev/null 2>&1 && return # a service has started it
    [ -f /etc/munge/munge.key ] || mungekey --create
    install_folder() { mkdir -p "$1" && chown munge:munge "$1"; }
    install_folder /run/munge
    install_folder "$BASE/munge"
    runuser -u munge -- munged --force --key-file=/etc/munge/munge.key --pid-file="$BASE/munge/munged.pid" \
        --log-file="$BASE/munge/munged.log" --seed-file="$BASE/munge/munged.seed"
    munge -n | unmunge > /dev/null || fail "MUNGE does not answer: see $BASE/munge/munged.log."
}

# A count of GPUs without devices is refused; any character device will do.
devices() {
    echo "$MARK" > "$GRES"
    for ((number = 0; number < GPUS; number++)); do
        [ -c "$BASE/gpu$number" ] || mknod "$BASE/gpu$number" c 1 3
        echo "NodeName=$HOST Name=gpu File=$BASE/gpu$number" >> "$GRES"
    done
}

configure() {
    local cpus
    cpus=$(nproc)
    cat > "$CONF" << END
$MARK
ClusterName=coldstart
SlurmctldHost=$HOST(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort=16817
SlurmdPort=16818
AuthType=auth/munge
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
StateSaveLocation=$BASE/state
SlurmdSpoolDir=$BASE/spool
SlurmctldPidFile=$BASE/slurmctld.pid
SlurmdPidFile=$BASE/slurmd.pid
SlurmctldLogFile=$BASE/slurmctld.log
SlurmdLogFile=$BASE/slurmd.log
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
ReturnToService=2
KillWait=5
# How long squeue still knows a job that has ended: longer than the workflow waits between two looks.
MinJobAge=1800
GresTypes=gpu
# The node may promise more than it has: what the profile asks for at most, and memory that nobody checks.
SlurmdParameters=config_overrides
NodeName=$HOST NodeAddr=127.0.0.1 CPUs=$((cpus > 4 ? cpus : 4)) RealMemory=256000 Gres=gpu:$GPUS State=UNKNOWN
PartitionName=all Nodes=$HOST Default=YES MaxTime=INFINITE State=UP
END
}

idle() {
    [ "$(sinfo -h -o %t 2> /dev/null)" = idle ]
}

up() {
    check
    mkdir -p "$BASE" /etc/slurm
    install
    if ours "$CONF" && idle; then return; fi
    mkdir -p "$BASE/state" "$BASE/spool"
    resolve
    authenticate
    devices
    configure
    slurmctld
    slurmd -N "$HOST"
    for ((tried = 0; tried < 60; tried++)); do
        if idle; then return; fi
        sleep 0.5
    done
    fail "the node is not idle after 30 s ($(sinfo -h -o '%t %E' 2>&1)): see $BASE/slurmctld.log and $BASE/slurmd.log."
}

stop() {
    local pid
    [ -f "$1" ] || return 0
    pid=$(cat "$1")
    kill "$pid" 2> /dev/null || return 0
    for ((tried = 0; tried < 40; tried++)); do
        kill -0 "$pid" 2> /dev/null || return 0
        sleep 0.25
    done
    kill -KILL "$pid" 2> /dev/null || true
}

down() {
    check
    if ours "$CONF"; then
        scancel --user=root 2> /dev/null || true
        stop "$BASE/slurmd.pid"
        stop "$BASE/slurmctld.pid"
        rm -f "$CONF" "$GRES" # a client that finds a configuration and no daemon waits ten seconds for it
    fi
    stop "$BASE/munge/munged.pid"
    if grep -qF "$MARK" /etc/hosts; then
        hosts=$(grep -vF "$MARK" /etc/hosts)
        echo "$hosts" > /etc/hosts # not replaced: in a container it is a mount
    fi
    rm -rf "$BASE"
}

case "${1:-}" in
    up | down) "$1" ;;
    *) fail "say up or down." ;;
esac
