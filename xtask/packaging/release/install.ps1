# Installs login-cli {{version}}: downloads the archive for this system, compares its SHA-256 with the one in this
# script, and copies the program. It changes neither PATH nor a profile.
#
#   LOGIN_CLI_PREFIX    where to: %LOCALAPPDATA%\Programs\login-cli by default
#   LOGIN_CLI_DOWNLOAD  another place to download from; the checksum stays the same
& {
    $ErrorActionPreference = 'Stop'
    $ProgressPreference = 'SilentlyContinue'
    Set-StrictMode -Version 3.0

    $sums = @{
        X64   = @('x86_64-pc-windows-msvc', '{{sha256:x86_64-pc-windows-msvc}}')
        Arm64 = @('aarch64-pc-windows-msvc', '{{sha256:aarch64-pc-windows-msvc}}')
    }
    $system = [string][System.Runtime.InteropServices.RuntimeInformation]::OSArchitecture
    if (-not $sums.ContainsKey($system)) {
        throw "there is no archive for Windows on $system; build it with cargo: {{repository}}"
    }
    $target, $expected = $sums[$system]
    $name = "login-cli-{{version}}-$target"
    $prefix = if ($env:LOGIN_CLI_PREFIX) { $env:LOGIN_CLI_PREFIX } else { Join-Path $env:LOCALAPPDATA 'Programs\login-cli' }
    $from = if ($env:LOGIN_CLI_DOWNLOAD) { $env:LOGIN_CLI_DOWNLOAD } else { '{{download}}' }

    $temporary = Join-Path ([System.IO.Path]::GetTempPath()) ([System.IO.Path]::GetRandomFileName())
    New-Item -ItemType Directory -Path $temporary | Out-Null
    try {
        $archive = Join-Path $temporary 'archive.zip'
        Invoke-WebRequest -UseBasicParsing -Uri "$from/$name.zip" -OutFile $archive
        $actual = (Get-FileHash -Algorithm SHA256 -Path $archive).Hash
        if ($actual -ne $expected) {
            throw "$name.zip is not the released file: its SHA-256 is $actual, not $expected. Nothing was installed."
        }
        Expand-Archive -Path $archive -DestinationPath $temporary
        New-Item -ItemType Directory -Path $prefix -Force | Out-Null
        # A program that is running can be renamed, not replaced.
        $program = Join-Path $prefix 'login-cli.exe'
        Get-ChildItem -LiteralPath $prefix -Filter 'login-cli.exe.*.old' | Remove-Item -ErrorAction SilentlyContinue
        Copy-Item -LiteralPath (Join-Path $temporary "$name\login-cli.exe") -Destination "$program.new" -Force
        if (Test-Path -LiteralPath $program) {
            Move-Item -LiteralPath $program -Destination "$program.$([System.IO.Path]::GetRandomFileName()).old"
        }
        Move-Item -LiteralPath "$program.new" -Destination $program
    } finally {
        Remove-Item -Path $temporary -Recurse -Force
    }

    Write-Output "installed login-cli {{version}} as $program"
    if (($env:Path -split ';') -notcontains $prefix) {
        Write-Output "to start it by its name, add its folder to 'Path' of your user:"
        Write-Output "  $prefix"
        Write-Output 'this opens the settings: rundll32 sysdm.cpl,EditEnvironmentVariables'
    }
}
