//! The process: V8 first, on the main thread, then the command line. The only exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    houseparty::engine::init();
    match houseparty::cli::run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
