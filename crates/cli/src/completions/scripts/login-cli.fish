# Completions of login-cli for fish. The script runs login-cli to get them.
function __login_cli_complete
    set -l given (commandline --current-process --tokenize --cut-at-cursor)
    set -l current (commandline --current-token --cut-at-cursor)
    set -l before (string match --regex -- '^--[^=]*=' $current)
    set -l piece (string replace -- "$before" '' $current)

    for line in (command login-cli __complete $given[2..] "@$current" 2>/dev/null)
        switch $line
            case :files
                printf '%s\n' "$before"(__fish_complete_path $piece)
            case :folders
                printf '%s\n' "$before"(__fish_complete_directories $piece)
            case :commands
                __fish_complete_command
            case ''
            case '*'
                string replace ' ' \t -- $line
        end
    end
end

complete --command login-cli --no-files --keep-order --arguments '(__login_cli_complete)'
