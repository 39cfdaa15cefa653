//! Progress on standard error: a spinner on a terminal, lines elsewhere.

use std::{io::IsTerminal as _, time::Duration};

use ccx_cli::escape_control;
use indicatif::{ProgressBar, ProgressStyle};

use crate::output;

const FRAME_TIME: Duration = Duration::from_millis(100);

/// Progress of the command.
pub(super) struct Progress {
    spinner: Option<ProgressBar>,
}

impl Progress {
    pub(super) fn new() -> Self {
        let spinner = std::io::stderr().is_terminal().then(|| {
            let spinner = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
                spinner.set_style(style);
            }
            spinner.enable_steady_tick(FRAME_TIME);
            spinner
        });
        Self { spinner }
    }

    /// Shows the step that begins now.
    pub(super) fn step(&self, what: &str) {
        match &self.spinner {
            Some(spinner) => spinner.set_message(what.to_owned()),
            None => output::note(what),
        }
    }

    /// Prints a line that stays.
    pub(super) fn note(&self, text: &str) {
        match &self.spinner {
            Some(spinner) => spinner.println(escape_control(text)),
            None => output::note(text),
        }
    }

    /// Hides the spinner while `work` writes to the terminal.
    pub(super) fn suspended<T>(&self, work: impl FnOnce() -> T) -> T {
        match &self.spinner {
            Some(spinner) => spinner.suspend(work),
            None => work(),
        }
    }

    /// Removes the spinner.
    pub(super) fn finish(&self) {
        if let Some(spinner) = &self.spinner {
            spinner.finish_and_clear();
        }
    }
}
