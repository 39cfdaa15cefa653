//! The configurations of insights-results-smart-proxy and insights-ingress-go, for `ccx` called by their names.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    path::{Path, PathBuf},
};

use ccx_compat::{LoadError, Translation, ValueError, ingress, smart_proxy};
use snafu::{ResultExt as _, Snafu};

use crate::output;

/// The configuration of an original program can't be used.
#[derive(Debug, Snafu)]
pub(crate) enum OriginalConfigError {
    /// Its file can't be read.
    #[snafu(display("failed to read the configuration of insights-results-smart-proxy"))]
    Load {
        /// The cause.
        source: LoadError,
    },
    /// A value can't be translated.
    #[snafu(display("failed to translate the configuration of {program}"))]
    Value {
        /// The program.
        program: &'static str,
        /// The key and what is expected.
        source: ValueError,
    },
}

/// Returns the variables of ours with the configuration of the program by whose name this one is called; none for other names. Keys
/// without a counterpart are printed.
///
/// `config` is the file with our configuration, if one is given: then the original's file is not read.
pub(crate) fn variables(
    config: Option<&Path>,
    environment: &BTreeMap<String, String>,
) -> Result<Vec<(String, String)>, OriginalConfigError> {
    let called = std::env::args_os().next().map(PathBuf::from);
    match called.as_deref().and_then(Path::file_name).and_then(OsStr::to_str) {
        Some(program @ "insights-results-smart-proxy") => {
            let folder = config.is_none().then_some(Path::new("."));
            let translation = smart_proxy::translate(folder, environment).context(LoadSnafu)?;
            Ok(reported(
                program,
                translation.context(ValueSnafu { program: "insights-results-smart-proxy" })?,
            ))
        }
        Some(program @ "insights-ingress-go") => {
            let translation = ingress::translate(environment);
            Ok(reported(program, translation.context(ValueSnafu { program: "insights-ingress-go" })?))
        }
        _ => Ok(Vec::new()),
    }
}

fn reported(program: &str, translation: Translation) -> Vec<(String, String)> {
    for (key, reason) in &translation.unused {
        output::note(&format!("{key} of {program} is not used: {reason}"));
    }
    for key in &translation.unknown {
        output::note(&format!("{key} is not a key of {program}"));
    }
    translation.variables
}
