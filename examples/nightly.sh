#!/bin/sh
# What tables are due each night, for cron: looks whether they are sound, forgets
# what is old, and writes each of them as JSON Lines, a file a day.
#
#   17 3 * * *  FLEXDB_URL=sqlite:/srv/shop.db nightly.sh /srv/export orders
#
# FLEXDB_URL:      the database (and FLEXDB_APP, the application)
# KEEP_VERSIONS:   how many versions of a table stay readable (10)
# KEEP_DELETED:    how long deleted records can be brought back, in days (30)
#
# The exit status is that of the command that has failed: 1 a table is not
# sound, or not there; 2 it was called wrongly; 5 the database cannot
# be reached, so that trying again later may help. What was done before stays.
set -u

if [ $# -lt 2 ] || [ -z "${FLEXDB_URL:-}" ]; then
    echo "usage: FLEXDB_URL=URL nightly.sh FOLDER TABLE..." >&2
    exit 2
fi

# Ends with the status of what has failed.
failed() {
    status=$1
    echo "nightly: $2" >&2
    exit "$status"
}

folder=$1
shift
[ -d "$folder" ] || failed 2 "there is no folder '$folder'"

days=${KEEP_DELETED:-30}
case $days in
*[!0-9]*) failed 2 "KEEP_DELETED must be a number of days, is '$days'" ;;
esac
# GNU's way to say it, or that of the BSDs.
before=$(date -u -d "$days days ago" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null || date -u -v"-${days}d" +%Y-%m-%dT%H:%M:%SZ) ||
    failed 1 "date cannot tell what was $days days ago"

# Nothing is forgotten in tables that are not sound.
flexdb doctor "$@"
case $? in
0) ;;
1) failed 1 "nothing is done; 'flexdb doctor --repair' mends what can be mended" ;;
5) failed 5 "the database cannot be reached" ;;
*) failed $? "doctor has failed" ;;
esac

for table in "$@"; do
    flexdb purge "$table" --keep-versions "${KEEP_VERSIONS:-10}" --deleted-before "$before" --yes ||
        failed $? "$table is not purged"

    # A file is there whole, or not at all.
    file=$folder/$table-$(date -u +%Y-%m-%d).jsonl
    part=$file.part
    trap 'rm -f "$part"' EXIT
    flexdb query "$table" --order created_at >"$part" || failed $? "$table is not written"
    mv "$part" "$file" || failed 1 "$table is not written"
    echo "$table: $(wc -l <"$file" | tr -d ' ') records in $file"
done
