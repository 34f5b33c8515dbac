# What the examples share, to be sourced: a private PostgreSQL and Mosquitto in a temporary directory,
# and comparing what was expected with what happened.
#
#   here=…                                    # the directory of the example: seed.sql, pgauth.yaml, mosquitto.conf
#   . "$here/../support/servers.sh"           # sets check=yes where the example was called with --check
#   start_postgres; load_schema; start_mosquitto      # in $directory, on $port and $second_port
#
# Everything ends, and the directory goes, with the script.
#
# PGAUTH_PLUGIN names a plugin that is built already.
set -euo pipefail

root=$(cd "$here/../.." && pwd)

check=no
case "${1-}" in
    "") ;;
    --check) check=yes ;;
    *) echo "usage: $0 [--check]" >&2; exit 2 ;;
esac

# --- install and build -----------------------------------------------------------------------

"$root/examples/support/install_packages" "$root/examples/support/packages.txt"
if [ -z "${PGAUTH_PLUGIN-}" ]; then
    (cd "$root" && cmake --preset release && cmake --build --preset release)
    PGAUTH_PLUGIN=$root/build/release/plugin/mosquitto_pgauth.so
fi
PGAUTH_PLUGIN=$(realpath "$PGAUTH_PLUGIN")

# --- start -----------------------------------------------------------------------------------

directory=$(mktemp -d "/tmp/pgauth-$(basename "$here").XXXXXX")
chmod 755 "$directory"
children=() # pids, the newest first; PostgreSQL's apart
postgres_pid=

stop() {
    for pid in "${children[@]}"; do
        kill -TERM "$pid" 2>/dev/null || true
        wait "$pid" || true
    done
    if [ -n "$postgres_pid" ]; then
        kill -INT "$postgres_pid" 2>/dev/null || true # does not wait for a psql that is still open
        wait "$postgres_pid" || true
    fi
    rm -rf "$directory"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# PostgreSQL refuses to run as root. Both servers run as `postgres` then, and the directory is theirs.
unprivileged=()
if [ "$(id -u)" -eq 0 ]; then
    unprivileged=(setpriv --reuid=postgres --regid=postgres --init-groups)
    chown postgres: "$directory"
fi

# until_true SECONDS COMMAND...: asks again and again until the command succeeds.
until_true() {
    local end=$((SECONDS + $1)); shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.05
    done
}

is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# free_port PREFERRED: sets REPLY.
free_port() {
    REPLY=$1
    until is_free "$REPLY"; do REPLY=$((10240 + RANDOM % 20000)); done
}

start_postgres() {
    local bin
    bin=$(find /usr/lib/postgresql -path '*/bin/initdb' | sort -V | tail -n 1)
    bin=${bin%/initdb}
    cd "$directory"
    "${unprivileged[@]}" "$bin/initdb" -D data -U postgres -A trust -E UTF8 --locale=C.UTF-8 \
        --no-sync --no-instructions >initdb.log || { cat initdb.log >&2; exit 1; }
    "${unprivileged[@]}" "$bin/postgres" -D data -c listen_addresses= \
        -c unix_socket_directories="$directory" -c fsync=off >postgres.log 2>&1 &
    postgres_pid=$!
    until_true 30 psql_as postgres postgres -c 'SELECT' >/dev/null 2>&1 || { cat postgres.log >&2; exit 1; }
}

psql_as() { # USER DATABASE ARGUMENTS...
    psql -X -q -v ON_ERROR_STOP=1 -h "$directory" -U "$1" -d "$2" "${@:3}"
}

# load_schema ARGUMENTS...: those are psql's, for seed.sql.
load_schema() {
    # The schema belongs to an ordinary user who may create roles; the plugin gets a login of its own.
    psql_as postgres postgres -c 'CREATE ROLE mqtt LOGIN CREATEROLE' -c 'CREATE ROLE mosquitto LOGIN' \
        -c 'CREATE DATABASE mqtt OWNER mqtt'
    psql_as mqtt mqtt -f "$root/schema/mqtt_auth.sql"
    psql_as mqtt mqtt "$@" -f "$here/seed.sql" >/dev/null
    psql_as postgres mqtt -c 'GRANT mqtt_auth_broker TO mosquitto'
}

# Puts what is only known now into the example's files.
start_mosquitto() {
    free_port 1883; port=$REPLY
    free_port 8883; second_port=$REPLY
    install -m 644 "$PGAUTH_PLUGIN" "$directory/mosquitto_pgauth.so"
    for file in mosquitto.conf pgauth.yaml; do
        sed "s|@DIRECTORY@|$directory|; s|@PORT@|$port|; s|@SECOND_PORT@|$second_port|" "$here/$file" >"$directory/$file"
        chmod 644 "$directory/$file"
    done
    PATH=$PATH:/usr/sbin "${unprivileged[@]}" mosquitto -c "$directory/mosquitto.conf" &
    children=($! "${children[@]}")
    local pid=$!
    until_true 30 mosquitto_is_up "$pid"
    kill -0 "$pid" 2>/dev/null || { cat "$directory/mosquitto.log" >&2; exit 1; }
}

mosquitto_is_up() { ! kill -0 "$1" 2>/dev/null || ! is_free "$port"; }

log_has() { grep -q "$1" "$directory/mosquitto.log"; }

stay_up() {
    wait "${children[0]}" || true
    echo "mosquitto ended:" >&2
    tail "$directory/mosquitto.log" >&2
    exit 1
}

# --- the lines to try ------------------------------------------------------------------------

# Prints a command line, as all functions do whose lines are shown and then run.
sql() { echo "psql -h $directory -U mqtt mqtt -c \"SELECT mqtt_auth.$1\""; }

differences=0
refused="Connection error: Connection Refused: not authorised."
let_in="it is let in"

say() { printf '\n%s\n' "$1"; }
show() { printf '    %s\n' "$1"; }

# expect EXPECTED HAPPENED
expect() {
    printf '  expected: %s\n  happened: %s\n' "$1" "$2"
    if [ "$1" != "$2" ]; then
        echo "  DIFFERS"
        differences=$((differences + 1))
    fi
}

# run_line LINE: shows it, and runs it.
run_line() {
    show "$1"
    bash -c "$1" >/dev/null
}

# in_background NAME LINE: runs LINE with its output in $directory/NAME.
in_background() {
    show "$2 &"
    bash -c "exec stdbuf -oL $2" >"$directory/$1" 2>&1 &
    children=($! "${children[@]}")
}

# first_line_of LINE: what it writes first, on whichever stream.
first_line_of() { bash -c "$1" 2>&1 | head -n 1 || true; }

# expect_soon EXPECTED LINE: shows LINE and runs it until its first line of output is EXPECTED ($let_in: it
# says nothing), since a change in SQL reaches the broker within milliseconds, but not before psql has returned.
expect_soon() {
    show "$2"
    until_true 10 answers "$1" "$2" || true
    expect "$1" "$answer"
}

answers() { # EXPECTED LINE
    answer=$(first_line_of "$2")
    answer=${answer:-$let_in}
    [ "$answer" = "$1" ]
}

# Says how it went, and fails where something differed.
conclude() {
    say "$([ "$differences" -eq 0 ] && echo "all as expected" || echo "$differences differ from what was expected")"
    [ "$differences" -eq 0 ]
}
