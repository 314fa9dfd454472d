# The Homebrew formula, for a tap.
class LoginCli < Formula
  desc "Sign in to OpenAI from a terminal"
  homepage "{{repository}}"
  version "{{version}}"
  license "MIT"

  on_macos do
    on_arm do
      url "{{url:aarch64-apple-darwin}}"
      sha256 "{{sha256:aarch64-apple-darwin}}"
    end
    on_intel do
      url "{{url:x86_64-apple-darwin}}"
      sha256 "{{sha256:x86_64-apple-darwin}}"
    end
  end

  on_linux do
    on_arm do
      url "{{url:aarch64-unknown-linux-musl}}"
      sha256 "{{sha256:aarch64-unknown-linux-musl}}"
    end
    on_intel do
      url "{{url:x86_64-unknown-linux-musl}}"
      sha256 "{{sha256:x86_64-unknown-linux-musl}}"
    end
  end

  def install
    bin.install "login-cli"
    man1.install Dir["man/man1/*.1"]
    bash_completion.install "completions/login-cli.bash" => "login-cli"
    fish_completion.install "completions/login-cli.fish"
    zsh_completion.install "completions/_login-cli"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/login-cli --version")
  end
end
