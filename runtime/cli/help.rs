//! How the command line presents itself: headings, examples, colours, completions.
//!
//! `mod` declares what can be asked for; this file only arranges it, so that a flag added there
//! appears under "Options" until it is given a place here. Changes no meaning.

use std::io::Write;

use clap::builder::Styles;
use clap::builder::styling::AnsiColor;
use clap::{Arg, ArgAction, Command, CommandFactory};
use clap_complete::Shell;

use super::Cli;

const HEADINGS: &[(&str, &[&str])] = &[
    (
        "Project",
        &["config", "serve", "vars", "defines", "env_files", "with_env", "minify", "persist"],
    ),
    ("Network", &["port", "host", "trust_proxy", "https", "https_key_path", "https_cert_path"]),
    (
        "Rooms",
        &[
            "durability",
            "hibernate_after",
            "turn_deadline",
            "heap_limit",
            "message_limit",
            "shards",
        ],
    ),
    ("Output", &["json", "verbose", "no_hotkeys"]),
];

const DEV: &str = "\
Examples:
  houseparty dev                        serve the project of this folder, reload on change
  houseparty dev src/server.ts          without a partykit.json
  houseparty dev -c chat/partykit.json --port 3000
  houseparty dev -v GREETING=hello --env-file .env.test
  houseparty dev --https                with a certificate of its own
  houseparty dev --persist false        forget everything at the end

Without --port a busy 1999 is no trouble: the next free port is taken. On a terminal `b` opens a
browser, `c` clears the screen, `x` ends. Environment: PARTYKIT_LOG=none|error|warn|info|log|debug,
NO_COLOR.";

const START: &str = "\
Examples:
  houseparty start --host 0.0.0.0 --port 80
  houseparty start --host 0.0.0.0 --port 443 \\
      --https-cert-path fullchain.pem --https-key-path privkey.pem
  houseparty start --trust-proxy        behind nginx or Caddy on this machine
  houseparty start --json --durability process

What was acknowledged survives a power failure with --durability fsync, kill -9 with `process`,
and nothing with `memory`. A renewed certificate is taken up while the host runs. SIGTERM and
SIGINT end it: rooms come to rest, sockets are closed with 1001, everything written is on the
disk. Environment: PARTYKIT_LOG=none|error|warn|info|log|debug, NO_COLOR.";

const CHECK: &str = "\
Examples:
  houseparty check
  houseparty check -c chat/partykit.json

Ends with 0 if all parties can be served, else with 1 and what is wrong. If the project has
installed TypeScript (node_modules/.bin/tsc) and has a tsconfig.json, its types are checked, too.";

const INIT: &str = "\
Examples:
  houseparty init my-chat               a new folder with a small chat
  houseparty init                       in this folder; a package.json that is there stays as it is
  houseparty init my-chat --dry-run     only say what would be written";

const COMPLETIONS: &str = "\
Examples:
  bash         houseparty completions bash > ~/.local/share/bash-completion/completions/houseparty
  zsh          houseparty completions zsh > \"${fpath[1]}/_houseparty\"
  fish         houseparty completions fish > ~/.config/fish/completions/houseparty.fish
  powershell   houseparty completions powershell | Out-String | Invoke-Expression";

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Yellow.on_default().bold())
    .usage(AnsiColor::Yellow.on_default().bold())
    .literal(AnsiColor::Green.on_default())
    .placeholder(AnsiColor::Cyan.on_default());

/// The command line, arranged.
pub fn command() -> Command {
    let arrange = |command: Command, examples: &'static str| {
        let command = command.after_help(examples).mut_args(|argument| {
            let id = argument.get_id().as_str();
            let heading = HEADINGS.iter().find(|(_, ids)| ids.contains(&id));
            match heading {
                Some((heading, _)) => argument.help_heading(*heading),
                None => argument,
            }
        });
        // One line per flag: all of them shall fit on a screen.
        let help = Arg::new("help").short('h').long("help").action(ArgAction::HelpShort);
        command.disable_help_flag(true).arg(help.help("Print this").help_heading("Output"))
    };
    Cli::command()
        .styles(STYLES)
        .mut_subcommand("dev", |command| arrange(command, DEV))
        .mut_subcommand("start", |command| arrange(command, START))
        .mut_subcommand("check", |command| arrange(command, CHECK))
        .mut_subcommand("init", |command| command.after_help(INIT))
        .mut_subcommand("completions", |command| command.after_help(COMPLETIONS))
}

/// A script that completes our commands in a shell.
pub fn completions(shell: Shell) -> std::io::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "houseparty", &mut script);
    match std::io::stdout().write_all(&script) {
        // Whoever read it has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_that_is_given_a_place_exists() {
        let command = command();
        let dev = command.find_subcommand("dev").unwrap();
        for id in HEADINGS.iter().flat_map(|(_, ids)| *ids) {
            let known = dev.get_arguments().any(|argument| argument.get_id() == id);
            assert!(known, "there is no `{id}`");
        }
    }

    #[test]
    fn a_mistyped_flag_or_command_is_answered_with_the_near_one() {
        for (typed, near) in [
            (vec!["dev", "--prot", "1"], "--port"),
            (vec!["start", "--hibernate-afte", "1"], "--hibernate-after"),
            (vec!["dev", "--https-cert", "x"], "--https-cert-path"),
            (vec!["check", "--confg", "x"], "--config"),
            (vec!["init", "--dryrun"], "--dry-run"),
            (vec!["storage", "export", "--ouput", "x"], "--output"),
            (vec!["bench", "echo", "--connection", "1"], "--connections"),
            (vec!["strat"], "start"),
            (vec!["storage", "exprot"], "export"),
            (vec!["completions", "elvsh"], "elvish"),
            (vec!["dev", "--durability", "fsnc"], "fsync"),
        ] {
            let line = std::iter::once("houseparty").chain(typed.iter().copied());
            let error = command().try_get_matches_from(line).unwrap_err().to_string();
            assert!(error.contains(&format!("'{near}'")), "{typed:?}: {error}");
        }
    }
}
