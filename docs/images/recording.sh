#!/usr/bin/env bash
# The session that `just recording` records: someone types, and the sandbox is the issuer and the platform.
set -euo pipefail

programs="$PWD/target/debug"
folder=$(mktemp -d)
trap 'kill %1; rm -rf "$folder"' EXIT
export HOME="$folder" BROWSER="$folder/browser %s"
unset CODEX_HOME
"$programs/sandbox" >"$folder/sandbox.txt" &
until url=$(grep -om1 'http://127.0.0.1:[0-9]*' "$folder/sandbox.txt"); do sleep 0.1; done

# Reads the page for three seconds, and chooses the first account.
cat >"$folder/browser" <<'SCRIPT'
#!/bin/sh
page=$(curl -s "$1")
form=$(printf %s "$page" | grep -oE 'name="(ticket|account)" value="[^"]*"' | head -n 2 |
  sed 's/name="\(.*\)" value="\(.*\)"/--data-urlencode \1=\2/')
sleep 3
curl -sL -o /dev/null $form "${1%%\?*}"
SCRIPT
chmod +x "$folder/browser"

login-cli() { "$programs/login-cli" "$@" --issuer "$url" --api-base "$url"; }

type_and_run() { # COMMAND
  local position
  printf '\e[32m$\e[0m '
  sleep 0.8
  for ((position = 0; position < ${#1}; position++)); do
    printf %s "${1:position:1}"
    sleep 0.06
  done
  sleep 0.4
  printf '\n'
  eval "$1"
  sleep 1.5
}

type_and_run 'login-cli login'
type_and_run 'login-cli status'
type_and_run 'login-cli token | cut -c 1-40'
type_and_run 'login-cli logout'
