#!/bin/sh
# secrets.sh [FOLDER]: make the passwords of an installation, and the files that stores and services read.
# Passwords that are there stay; the files are written anew. Run it again after an upgrade, or to renew one: delete it first.
set -eu
umask 077
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/secrets}
mkdir -p "$folder"
chmod 700 "$folder"
# what was closed at the end of the last run
[ -z "$(ls "$folder")" ] || chmod u+w "$folder"/*

for name in redis_front_door redis_worker redis_query redis_admin grafana_admin \
  clickhouse_admin clickhouse_worker clickhouse_query clickhouse_sql; do
  [ -s "$folder/$name" ] || od -An -N32 -tx1 /dev/urandom | tr -d ' \n' > "$folder/$name"
done

password() { cat "$folder/$1"; }
digest() { password "$1" | sha256sum | cut -d ' ' -f 1; }

# with_digests: replace each @name@ by what a server may know of the password
with_digests() {
  script=
  for name in $(grep -o '@[a-z_]*@' "$1" | tr -d @ | sort -u); do
    script="$script;s/@$name@/$(digest "$name")/g"
  done
  sed "${script#;}" "$1"
}

redis_url() { echo "redis://$1:$(password "redis_$1")@redis:6379/0"; }
clickhouse_url() { echo "http://headrace_$1:$(password "clickhouse_$1")@clickhouse:8123/?database=headrace"; }

# Valkey reads one line for each user, and no comments
sed -e '/^#/d' "$here/redis/users.acl" | awk '/^user / {if (one) print one; one = $0}
  /^ / {sub(/^ +/, " "); one = one $0} END {print one}' > "$folder/.users"
with_digests "$folder/.users" > "$folder/redis_users"
rm "$folder/.users"
with_digests "$here/clickhouse/users.xml" > "$folder/clickhouse_users.xml"

# url SERVICE STORE USER: where a service finds a store, with its own password alone
url() { "$2_url" "$3" > "$folder/$1_$2_url"; }
url ingest_api redis front_door
url worker redis worker
url worker clickhouse worker
url queries redis query
url queries clickhouse query
clickhouse_url sql > "$folder/queries_sql_clickhouse_url"
url admin redis admin
url admin clickhouse admin

# Containers read some of them under their own user ids; the folder is what keeps others on this machine out.
chmod 444 "$folder"/*_url "$folder/redis_users" "$folder/clickhouse_users.xml" "$folder/grafana_admin"
echo "The passwords of this installation are in $folder. Keep a copy of that folder where you keep your keys."
