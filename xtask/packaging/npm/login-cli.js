#!/usr/bin/env node
// Starts the program of the package for this platform.
"use strict";

const { spawn } = require("node:child_process");
const { constants } = require("node:os");

const platform = `@login-cli/${process.platform}-${process.arch}`;
const file = process.platform === "win32" ? "login-cli.exe" : "login-cli";

function find() {
  try {
    return require.resolve(`${platform}/${file}`);
  } catch {
    console.error(`error: the package ${platform} is not installed`);
    console.error("hint: install login-cli again without --omit=optional; it has no program for other platforms");
    process.exit(1);
  }
}

const program = spawn(find(), process.argv.slice(2), { stdio: "inherit" });
// A terminal sends Ctrl-C to the program too, which decides when it ends.
process.on("SIGINT", () => {});
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => program.kill(signal));
program.on("error", (error) => {
  console.error(`error: ${error.message}`);
  process.exit(1);
});
program.on("exit", (code, signal) => {
  if (signal === null) process.exit(code);
  process.exitCode = 128 + constants.signals[signal];
  process.removeAllListeners(signal);
  // Node ignores some signals, and would start its debugger with this one.
  if (signal !== "SIGUSR1") process.kill(process.pid, signal);
});
