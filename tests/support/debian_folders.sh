# What the commands share that fetch parts of a Debian into a folder of the user's cache, to be sourced.
#
#   what="Mosquitto 2.1"                        # for give_up
#   . "$(dirname "$0")/debian_folders.sh"       # sets home, the folder for such folders
#   mirror                                      # prints the URI from which apt gets Debian here
#   make_folder "$home/debian-forky" MAKE       # has MAKE DIRECTORY make DIRECTORY/root, which becomes that folder
#
# A folder is there whole or not at all, also where several make it at once. Delete it to have it fetched afresh.
set -euo pipefail

home=${XDG_CACHE_HOME:-~/.cache}/mosquitto-pgauth

give_up() {
    echo "no $what here, what needs it is skipped: $1" >&2
    exit 77
}

mirror() {
    local found
    # shellcheck disable=SC2016  # apt's own variable
    found=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | sed -n 1p)
    [ -n "$found" ] || { echo "apt knows no mirror of Debian (apt-get update?)" >&2; return 1; }
    echo "$found"
}

make_folder() {
    local said
    mkdir -p "$home"
    work=$(mktemp -d "$home/.new-XXXXXX")
    trap 'rm -rf --one-file-system "$work"' EXIT
    said=$("$2" "$work" 2>&1) || give_up "$(last_line_of "$said")"
    # Whoever is first makes the folder.
    mv -T "$work/root" "$1" 2>/dev/null || [ -d "$1" ]
}

last_line_of() { sed '/^$/d' <<<"$1" | tail -n 1; }
