//! Errors, exit codes and output of the command-line programs `ccx` and `ccx-operator`.
//!
//! ```text
//!  command ──▶ Ok          print, print_json: results on standard output
//!          └─▶ CliError    finish: the error, its causes and the advice on standard error, and the exit code
//! ```
//!
//! Text for people never carries control characters of foreign data to a terminal. A reader that closes the pipe, such as `head`, is not
//! an error.

mod cli_error;
mod escape;
mod output;

pub use cli_error::{CliError, Exit, NoRuntime, finish, report};
pub use escape::escape_control;
pub use output::{OutputError, note, print, print_document, print_json};
