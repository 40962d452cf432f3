#!/usr/bin/env bash
# Runs a command beside a PostgreSQL and a Redis of its own, and ends both after it:
#
#     tests/with_servers.sh .venv/bin/pytest tests/training
#
# They listen on loopback alone, and what they write goes with them. The tests find them
# through TEST_DATABASE_URL and TEST_REDIS_URL (see tests/settings.py). On Debian both
# come with: apt-get install postgresql redis-server
set -euo pipefail

say_missing() {
    echo "$1 is needed: on Debian, apt-get install postgresql redis-server" >&2
    exit 1
}

# Debian keeps the server's programs away from PATH, one folder a version.
PG=$(command -v initdb || ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | tail -n 1)
[ -n "$PG" ] || say_missing PostgreSQL
PG=$(dirname "$PG")
command -v redis-server >/dev/null || say_missing Redis

folder=$(mktemp -d /tmp/composer-servers-XXXXXX)
data=$folder/postgresql
# PostgreSQL refuses to run as root.
if [ "$(id -u)" = 0 ]; then
    as_keeper() { runuser -u postgres -- "$@"; }
    chown postgres "$folder"
else
    as_keeper() { "$@"; }
fi
cd "$folder"

finish() {
    status=$?
    trap - EXIT
    [ -z "${redis:-}" ] || kill "$redis" 2>/dev/null || true
    [ ! -e "$data/postmaster.pid" ] ||
        as_keeper "$PG/pg_ctl" stop --pgdata="$data" --mode=immediate --silent || true
    [ -z "${redis:-}" ] || wait "$redis" 2>/dev/null || true
    [ -n "${TEST_REDIS_URL:-}" ] || tail -n 20 "$folder"/*.log >&2 2>/dev/null || true
    rm -rf "$folder"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}
pg_port=$(free_port)
redis_port=$(free_port)

as_keeper "$PG/initdb" --pgdata="$data" --username=composer --auth=trust \
    --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$folder/initdb.log"
# What a test wrote need not outlive a loss of power.
as_keeper "$PG/pg_ctl" start --pgdata="$data" --wait --silent --timeout=60 \
    --log="$folder/postgresql.log" --options="-p $pg_port -k $folder \
    -c listen_addresses=127.0.0.1 -c fsync=off -c synchronous_commit=off \
    -c full_page_writes=off -c max_connections=100"
redis-server --bind 127.0.0.1 --port "$redis_port" --dir "$folder" --save "" \
    --appendonly no >"$folder/redis.log" 2>&1 &
redis=$!
until redis-cli -p "$redis_port" ping >/dev/null 2>&1; do sleep 0.05; done

export TEST_DATABASE_URL=postgresql://composer@127.0.0.1:$pg_port/postgres
export TEST_REDIS_URL=redis://127.0.0.1:$redis_port/0
cd "$OLDPWD"
"$@"
