# Completions of login-cli for PowerShell. The script runs login-cli to get them.
# No part of the command line is evaluated. Without a result, PowerShell completes files.
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
