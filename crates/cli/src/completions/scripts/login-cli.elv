# Completions of login-cli for Elvish. The script runs login-cli to get them.
use str

set edit:completion:arg-completer[login-cli] = {|@words|
    var given current = $words[1..-1] $words[-1]
    e:login-cli __complete $@given '@'$current 2>/dev/null | from-lines | each {|line|
        if (has-value [:files :folders] $line) {
            edit:complete-filename $current
        } elif (eq $line :commands) {
            edit:complete-sudo sudo $current
        } elif (not-eq $line '') {
            var value @rest = (str:split &max=2 ' ' $line)
            edit:complex-candidate $value &display=(str:join ' - ' [$value $@rest])
        }
    }
}
