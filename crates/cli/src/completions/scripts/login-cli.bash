# Completions of login-cli for bash. The script runs login-cli to get them.
_login_cli() {
    # Bash splits words at = and :, and passes the last piece as $2.
    local words=() word="" piece="" glued="" i
    for ((i = 1; i <= COMP_CWORD; i++)); do
        piece=${COMP_WORDS[i]}
        if [[ -n $glued || ( -n $piece && -z ${piece//[=:]/} ) ]] && ((${#words[@]})); then
            words[${#words[@]}-1]+=$piece
        else
            ((i == COMP_CWORD)) && piece=$2
            words+=("$piece")
        fi
        glued=
        [[ $piece == *[=:] ]] && glued=yes
    done

    word=${words[${#words[@]}-1]}
    unset "words[${#words[@]}-1]"
    # The text before the piece is unchanged.
    local before=${word%"$2"} line value
    COMPREPLY=()
    while IFS= read -r line; do
        value=${line%% *}
        case $line in
            :files) compopt -o default ;;
            :folders) compopt -o dirnames ;;
            :commands) while IFS= read -r value; do COMPREPLY+=("$value"); done < <(compgen -c -- "$2") ;;
            "$before"?*) COMPREPLY+=("${value#"$before"}") ;;
        esac
    done < <(command login-cli __complete ${words[@]+"${words[@]}"} "@$word")
} 2>/dev/null

complete -F _login_cli login-cli
