# bash completion for pgauth(1)

_pgauth()
{
    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
    local database="--connection --tls --help"
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "check explain hash import migrate passwd --help --version" -- "$word")
        return
    fi
    case $previous in
        --config | --mosquitto-conf | --replica | --certificate | --password-file | --acl-file | --dynamic-security | --go-auth-conf | \
            --csv | --mosquitto | --plugin | --dynamic-security-plugin)
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
            compopt -o filenames 2>/dev/null
            return
            ;;
        --migrations)
            mapfile -t COMPREPLY < <(compgen -d -- "$word")
            compopt -o filenames 2>/dev/null
            return
            ;;
        --format)
            mapfile -t COMPREPLY < <(compgen -W "argon2id yescrypt scrypt crypt-scrypt bcrypt sha512-crypt sha256-crypt mosquitto mosquitto-pbkdf2 pbkdf2 scram-sha-256" -- "$word")
            return
            ;;
        --method)
            mapfile -t COMPREPLY < <(compgen -W "password certificate psk" -- "$word")
            return
            ;;
        --tls)
            mapfile -t COMPREPLY < <(compgen -W "verify_full unverified" -- "$word")
            return
            ;;
        --qos)
            mapfile -t COMPREPLY < <(compgen -W "0 1 2" -- "$word")
            return
            ;;
        --subscribe)
            mapfile -t COMPREPLY < <(compgen -W "covered overlapping" -- "$word")
            return
            ;;
        --connection | --emqx | --emqx-pbkdf2 | --vernemq | --go-auth-users | --compare | --seed | --username | --client-id | --address)
            return
            ;;
    esac
    local words=$database
    case $command in
        check) words+=" --config --mosquitto-conf --strict" ;;
        explain)
            words+=" --username --client-id --address --certificate --method --qos --retain --replica --config --json"
            words+=" publish subscribe receive"
            ;;
        hash) words="--format --help" ;;
        import)
            words+=" --password-file --acl-file --dynamic-security --go-auth-conf --go-auth-users --emqx --emqx-pbkdf2 --vernemq --csv"
            words+=" --write --replace --json --compare --seed --subscribe --mosquitto --plugin --dynamic-security-plugin"
            ;;
        migrate) words+=" --dry-run --migrations" ;;
        passwd) words+=" --format" ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -F _pgauth pgauth
