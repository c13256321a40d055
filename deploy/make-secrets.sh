#!/bin/sh
# Makes the secret files of a new installation in the folder that is named, each with fresh random content.
# Never touches a file that is there: run it again when a later version needs one more. EMAIL_URL is yours to write.
#   deploy/make-secrets.sh /etc/ranportal/secrets [host of the database] [host of the broker]
set -eu
folder=${1:?name the folder for the secrets}
database=${2:-db}
broker=${3:-broker}
umask 077
mkdir -p "$folder"

random() {
    head -c 64 /dev/urandom | base64 | tr -dc 'A-Za-z0-9' | head -c 64
}

# Readable inside the containers, whose user is another; the folder itself keeps everybody else out.
put() {
    [ -e "$folder/$1" ] || { cat > "$folder/$1.new"; chmod 0444 "$folder/$1.new"; mv "$folder/$1.new" "$folder/$1"; }
}

random | put secret_key
random | put address_key
random | put master_keys
random | put database_password
random | put run_time_password
random | put broker_password
random | put metrics_token
printf '' | put secret_key_fallbacks
# Empty: nobody reads the mailbox of mails that come back.
printf '' | put bounces_url
printf 'postgres://portal:%s@%s:5432/portal' "$(cat "$folder/database_password")" "$database" | put database_url
# Web, worker and beat: a role that owns no table, made by grant_run_time.
printf 'postgres://portal_web:%s@%s:5432/portal' "$(cat "$folder/run_time_password")" "$database" | put run_time_url
printf 'redis://:%s@%s:6379/0' "$(cat "$folder/broker_password")" "$broker" | put broker_url
printf 'redis://:%s@%s:6379/1' "$(cat "$folder/broker_password")" "$broker" | put cache_url
# Losing what the broker holds loses nothing, so nothing is written to disk; only what may be forgotten is evicted.
printf 'requirepass %s\nsave ""\nappendonly no\nmaxmemory 192mb\nmaxmemory-policy volatile-lru\n' \
    "$(cat "$folder/broker_password")" | put valkey.conf

[ -e "$folder/email_url" ] || echo "Now write $folder/email_url: smtps://user:password@mail.example.org" >&2
