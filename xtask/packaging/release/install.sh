#!/bin/sh
# Installs login-cli {{version}}: downloads the archive for this system, compares its SHA-256 with the one in this
# script, and copies the program, its manual and its completions. It changes no shell profile.
#
#   LOGIN_CLI_PREFIX    where to: ~/.local by default, or for example /usr/local
#   LOGIN_CLI_DOWNLOAD  another place to download from; the checksum stays the same
set -eu

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

choose() {
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64 | Linux-amd64)
      target=x86_64-unknown-linux-musl
      expected={{sha256:x86_64-unknown-linux-musl}}
      ;;
    Linux-aarch64 | Linux-arm64)
      target=aarch64-unknown-linux-musl
      expected={{sha256:aarch64-unknown-linux-musl}}
      ;;
    Darwin-x86_64)
      target=x86_64-apple-darwin
      expected={{sha256:x86_64-apple-darwin}}
      ;;
    Darwin-arm64)
      target=aarch64-apple-darwin
      expected={{sha256:aarch64-apple-darwin}}
      ;;
    *) fail "there is no archive for $(uname -s) on $(uname -m); build it with cargo: {{repository}}" ;;
  esac
}

download() { # URL FILE
  if has curl; then
    curl --fail --location --silent --show-error --output "$2" "$1"
  elif has wget; then
    wget --quiet --output-document="$2" "$1"
  else
    fail "curl or wget is needed"
  fi || fail "cannot download $1"
}

# Without a name, which some programs would quote.
checksum() { # FILE
  if has sha256sum; then
    sha256sum <"$1"
  elif has shasum; then
    shasum -a 256 <"$1"
  elif has openssl; then
    openssl dgst -r -sha256 <"$1"
  else
    fail "sha256sum, shasum or openssl is needed"
  fi
}

# A file that is replaced while it runs must be a new file.
put() { # MODE FROM TO
  mkdir -p "$(dirname "$3")"
  [ -L "$3" ] || [ ! -d "$3" ] || fail "$3 is a folder. The program was not installed."
  # It may be a link.
  rm -f "$3.new"
  cp "$2" "$3.new"
  chmod "$1" "$3.new"
  # `mv` would follow a link to a folder.
  if [ -L "$3" ] && [ -d "$3" ]; then rm -f "$3"; fi
  mv -f "$3.new" "$3"
}

main() {
  [ $# = 0 ] || fail "there are no arguments, only LOGIN_CLI_PREFIX and LOGIN_CLI_DOWNLOAD; see {{repository}}/blob/main/docs/install.md"
  umask 022
  prefix=${LOGIN_CLI_PREFIX:-${HOME:?set HOME or LOGIN_CLI_PREFIX}/.local}
  case $prefix in
    /*) ;;
    *) prefix=$PWD/$prefix ;;
  esac
  from=${LOGIN_CLI_DOWNLOAD:-{{download}}}
  choose
  name=login-cli-{{version}}-$target
  temporary=$(mktemp -d)
  case $temporary in
    /*) ;;
    *) temporary=$PWD/$temporary ;;
  esac
  trap 'rm -rf "$temporary"' EXIT
  trap 'exit 130' HUP INT TERM

  download "$from/$name.tar.gz" "$temporary/archive.tar.gz"
  actual=$(checksum "$temporary/archive.tar.gz")
  [ "${actual%% *}" = "$expected" ] ||
    fail "$name.tar.gz is not the released file: its SHA-256 is ${actual%% *}, not $expected. Nothing was installed."
  cd "$temporary"
  tar -xzf archive.tar.gz
  cd "$name"
  for page in man/man1/*; do put 644 "$page" "$prefix/share/$page"; done
  put 644 completions/login-cli.bash "$prefix/share/bash-completion/completions/login-cli"
  put 644 completions/login-cli.fish "$prefix/share/fish/vendor_completions.d/login-cli.fish"
  put 644 completions/_login-cli "$prefix/share/zsh/site-functions/_login-cli"
  # The last file: an installation that fails before it leaves the old program.
  put 755 login-cli "$prefix/bin/login-cli"

  printf 'installed login-cli {{version}} as %s\n' "$prefix/bin/login-cli"
  case ":$PATH:" in
    *":$prefix/bin:"*) return ;;
  esac
  case $prefix in
    # The line would have to quote them.
    *[\"\`\$\\]*) printf 'to start it by its name, add its folder to PATH\n' ;;
    *) printf 'to start it by its name, add this line to the profile of your shell:\n  export PATH="%s:$PATH"\n' "$prefix/bin" ;;
  esac
}

# The last line, so that a download that breaks off runs nothing.
main "$@"
