#compdef login-cli
# Completions of login-cli for zsh. The script runs login-cli to get them.
_login-cli() {
    local -a given lines described
    local line value
    given=("${(@Q)words[2,CURRENT-1]}")
    lines=("${(@f)$(command login-cli __complete "${given[@]}" "@${(Q)PREFIX}" 2>/dev/null)}")

    for line in "${lines[@]}"; do
        case $line in
            '') ;;
            :files) compset -P '--*='; _files; return ;;
            :folders) compset -P '--*='; _files -/; return ;;
            :commands) _command_names -e; return ;;
            *)
                value=${line%% *}
                line=${line#"$value"}
                described+=("${value//:/\\:}${line:+:${line# }}")
                ;;
        esac
    done
    ((${#described})) && _describe -V 'login-cli' described
}

# Loaded from $fpath, this file is the function; sourced, it registers the function.
if [[ $funcstack[1] == _login-cli ]]; then
    _login-cli "$@"
else
    compdef _login-cli login-cli
fi
