//! The start of programs under the names of the originals.

use std::{collections::BTreeMap, ffi::OsString, process::ExitCode};

use ccx_compat::{Clowder, Flag, FlagError, FlagValues, parse_flags, usage};

use crate::output;

/// The author whom the originals print.
pub(crate) const AUTHORS: &str = "Pavel Tisnovsky, Red Hat Inc.";

/// The exit code of an invalid command line, as in every Go program.
const INVALID_COMMAND_LINE: u8 = 2;

/// The inputs of a program with flags.
pub(crate) struct Inputs {
    pub(crate) flags: FlagValues,
    pub(crate) variables: BTreeMap<String, String>,
    /// `None` when Clowder is not in use.
    pub(crate) clowder: Option<Clowder>,
    /// Holds the certificates that Clowder's document contains, as long as the process runs.
    pub(crate) certificates: tempfile::TempDir,
}

/// Reads the inputs, and prints the line about Clowder that every original begins with. `Err` is the end of the process.
pub(crate) fn read_inputs(arguments: Vec<OsString>, name: &str, flags: &[Flag]) -> Result<Inputs, ExitCode> {
    let variables = variables();
    let fail = |message: String| {
        output::note(&message);
        ExitCode::from(INVALID_COMMAND_LINE)
    };
    let clowder = Clowder::load(variables.get("ACG_CONFIG").map(String::as_str));
    let clowder = clowder.map_err(|error| fail(format!("panic: {}", ccx_service::error_chain(&error))))?;
    if clowder.is_none() {
        say("Clowder is not enabled, skipping init...");
    }
    let arguments: Vec<String> =
        arguments.into_iter().map(|argument| argument.to_string_lossy().into_owned()).collect();
    let (program, arguments) = arguments.split_first().map_or((name, &[][..]), |(first, rest)| (first, rest));
    let flags = parse_flags(flags, arguments).map_err(|error| match error {
        FlagError::Help => {
            output::note(usage(program, flags).trim_end());
            ExitCode::SUCCESS
        }
        FlagError::Invalid(message) => fail(format!("{message}\n{}", usage(program, flags).trim_end())),
    })?;
    let certificates = tempfile::tempdir().map_err(|error| fail(format!("panic: {error}")))?;
    Ok(Inputs { flags, variables, clowder, certificates })
}

/// Returns the variables of the environment that are valid UTF-8.
pub(crate) fn variables() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Prints a message; a closed standard output is not an error.
pub(crate) fn say(message: &str) {
    let _ = output::print(message);
}

/// Runs `work` in a new runtime; fails if the runtime can't be created.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> Result<T, std::io::Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(work);
    runtime.shutdown_background();
    Ok(outcome)
}

/// Formats a table with two columns and a total, as the originals do.
pub(crate) fn summary_table(header: [&str; 2], rows: &[(String, String)], footer: (&str, &str)) -> String {
    let cells = rows.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let all = cells.chain([(header[0], header[1]), footer]);
    let (mut first, mut second) = (0, 0);
    for (name, value) in all {
        (first, second) = (first.max(name.len()), second.max(value.len()));
    }
    let rule = format!("+-{}-+-{}-+", "-".repeat(first), "-".repeat(second));
    let centered = |name: &str, value: &str| {
        format!("| {:^first$} | {:^second$} |", name.to_uppercase(), value.to_uppercase())
    };
    let mut lines = vec![rule.clone(), centered(header[0], header[1]), rule.clone()];
    lines.extend(rows.iter().map(|(name, value)| format!("| {name:<first$} | {value:>second$} |")));
    lines.extend([rule.clone(), centered(footer.0, footer.1), rule]);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_table_has_the_format_of_the_original() {
        let rows = [("Proper cluster entries", "0"), ("Improper cluster entries", "0"), ("", "")];
        let rows = rows.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let expected = "\
+--------------------------+-------+
|         SUMMARY          | COUNT |
+--------------------------+-------+
| Proper cluster entries   |     0 |
| Improper cluster entries |     0 |
|                          |       |
+--------------------------+-------+
|     TOTAL DELETIONS      |   0   |
+--------------------------+-------+";
        assert_eq!(summary_table(["Summary", "Count"], &rows, ("Total deletions", "0")), expected);
    }
}
