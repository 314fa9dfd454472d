# What Elvish offers after login-cli. The program is asked; this puts the question.
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
