#!/usr/bin/env bash
# Runs a command beside a throw-away MariaDB, which lives in a temporary folder and is gone afterwards.
#
# usage: mariadb.sh COMMAND [ARGUMENT…]
#
# The command sees FLEXDB_TEST_MYSQL_URL (TCP on loopback) and FLEXDB_TEST_MYSQL_SOCKET (the unix socket of the same
# server). When FLEXDB_TEST_MYSQL_URL is set already, the server behind it is used. Without MariaDB the command runs
# without the variables, after a notice. FLEXDB_DURABLE_MARIADB=1 is for measurements: the server keeps its own settings,
# under which a commit is on the disk when it is answered, but for a page cache that holds the tables of all sides. The
# exit status is the command's. Works as root and as a plain user.
set -u

here=$(cd "$(dirname "$0")" && pwd)
note=$here/../../scripts/note

if [ -n "${FLEXDB_TEST_MYSQL_URL:-}" ]; then exec "$@"; fi

PATH=$PATH:/usr/sbin:/usr/local/sbin:/usr/libexec
server=$(command -v mariadbd) || server=
installer=$(command -v mariadb-install-db) || installer=
client=$(command -v mariadb) || client=
if [ -z "$server" ] || [ -z "$installer" ] || [ -z "$client" ]; then
    "$note" "NO SERVER: THE TESTS OF THE MYSQL ENGINE ARE SKIPPED" \
        "MariaDB is not installed (mariadbd, mariadb-install-db, mariadb)." \
        "Debian, Ubuntu: apt-get install mariadb-server-core mariadb-client-core" \
        "Or name a server: FLEXDB_TEST_MYSQL_URL=mysql://user:password@host/db"
    exec "$@"
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/flexdb-mariadb.XXXXXX") || exit 1
# A socket's path holds 107 bytes.
if [ ${#folder} -gt 90 ]; then rmdir "$folder"; folder=$(mktemp -d /tmp/flexdb-mariadb.XXXXXX) || exit 1; fi
server_pid= command_pid=

finish() {
    trap - EXIT INT TERM HUP
    if [ -n "$command_pid" ]; then kill -- "-$command_pid" 2>/dev/null; wait "$command_pid" 2>/dev/null; fi
    if [ -n "$server_pid" ] && kill "$server_pid" 2>/dev/null; then
        for _ in $(seq 100); do kill -0 "$server_pid" 2>/dev/null || break; sleep 0.1; done
        kill -9 "$server_pid" 2>/dev/null
        wait "$server_pid" 2>/dev/null
    fi
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# A folder of its own for temporary tables: a server that starts deletes those of others that it finds in its folder.
mkdir "$folder/tmp"
user=()
if [ "$(id -u)" = 0 ]; then
    account=mysql
    id "$account" >/dev/null 2>&1 || account=nobody
    user=(--user="$account")
    chown "$account" "$folder" "$folder/tmp"
fi

# Nothing here has to survive a power cut. --no-defaults keeps the machine's own settings out.
quick=(--innodb-log-file-size=16M --innodb-flush-log-at-trx-commit=0 --innodb-flush-method=nosync
    --innodb-doublewrite=0 --innodb-buffer-pool-size=64M)
if [ -n "${FLEXDB_DURABLE_MARIADB:-}" ]; then quick=(--innodb-buffer-pool-size=2G); fi

give_up() {
    echo "mariadb.sh: $1; the end of its log:" >&2
    tail -n 20 "$folder"/*.log >&2
    exit 1
}

"$installer" --no-defaults ${user[@]+"${user[@]}"} --datadir="$folder/data" --tmpdir="$folder/tmp" --auth-root-authentication-method=normal \
    --force --skip-test-db --skip-name-resolve ${quick[@]+"${quick[@]}"} >"$folder/install.log" 2>&1 </dev/null || give_up "the data folder could not be made"

socket=$folder/socket
ask() { "$client" --no-defaults -uroot -S "$socket" "$@"; }

start() {
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 40000))
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then return 1; fi
    "$server" --no-defaults ${user[@]+"${user[@]}"} --datadir="$folder/data" --tmpdir="$folder/tmp" --socket="$socket" \
        --port="$port" \
        --bind-address=127.0.0.1 --pid-file="$folder/pid" --log-error="$folder/server.log" --skip-name-resolve \
        ${quick[@]+"${quick[@]}"} --character-set-server=utf8mb4 --collation-server=utf8mb4_bin \
        </dev/null >"$folder/output.log" 2>&1 &
    server_pid=$!
    for _ in $(seq 600); do
        if ! kill -0 "$server_pid" 2>/dev/null; then server_pid=; return 1; fi
        if ask -e 'select 1' >/dev/null 2>&1; then return 0; fi
        sleep 0.05
    done
    return 1
}
for attempt in 1 2 3 4 5; do
    if start; then break; fi
    if [ "$attempt" = 5 ]; then give_up "the server does not start"; fi
done

ask -e "
    create user 'flex'@'localhost' identified by 'flexpw';
    create user 'flex'@'127.0.0.1' identified by 'flexpw';
    grant all on *.* to 'flex'@'localhost';
    grant all on *.* to 'flex'@'127.0.0.1';
    create database flexdb_test" || give_up "the test user could not be made"

export FLEXDB_TEST_MYSQL_URL="mysql://flex:flexpw@127.0.0.1:$port/flexdb_test"
export FLEXDB_TEST_MYSQL_SOCKET=$socket

# In the background and a process group of its own, so that a signal to this script is seen at once and ends all of it.
set -m
"$@" &
command_pid=$!
set +m
wait "$command_pid"
status=$?
command_pid=
exit "$status"
