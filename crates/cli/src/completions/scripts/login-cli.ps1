# What PowerShell offers after login-cli. The program is asked; this puts the question.
# Nothing on the command line is evaluated. Where nothing is returned, PowerShell offers files.
Register-ArgumentCompleter -Native -CommandName 'login-cli' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $given = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { $_.Extent.Text.Trim('"', "'") })

    & login-cli __complete @given "@$wordToComplete" 2>$null |
        Where-Object { $_ -and -not $_.StartsWith(':') } |
        ForEach-Object {
            $value, $description = $_ -split ' ', 2
            if (-not $description) { $description = $value }
            [System.Management.Automation.CompletionResult]::new(
                $value, $value, 'ParameterValue', $description)
        }
}
