//! The configurations of insights-results-smart-proxy and insights-ingress-go, for `ccx` called by their names.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
};

use ccx_compat::{Clowder, ClowderError, LoadError, Translation, ValueError, ingress, smart_proxy};
use snafu::{ResultExt as _, Snafu};
use tempfile::TempDir;

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
    /// Clowder's document can't be used.
    #[snafu(transparent)]
    Clowder {
        /// The cause.
        source: ClowderError,
    },
    /// The certificates in Clowder's document can't be written.
    #[snafu(display("failed to write the certificates of the Clowder configuration to a temporary folder"))]
    Certificates {
        /// The system's reason.
        source: io::Error,
    },
}

const SMART_PROXY: &str = "insights-results-smart-proxy";
const INGRESS: &str = "insights-ingress-go";

/// The configuration of an original program in our terms.
#[derive(Default)]
pub(crate) struct OriginalConfig {
    /// Variables of ours.
    pub(crate) variables: Vec<(String, String)>,
    /// The certificates that Clowder's document contains, as long as this exists.
    pub(crate) certificates: Option<TempDir>,
}

/// Returns the configuration of the program by whose name this one is called; none for other names. Keys without a counterpart are
/// printed.
///
/// `config` is the file with our configuration, if one is given: then the original's file is not read.
pub(crate) fn load(
    config: Option<&Path>,
    environment: &BTreeMap<String, String>,
) -> Result<OriginalConfig, OriginalConfigError> {
    let called = std::env::args_os().next().map(PathBuf::from);
    let (program, mut translation) = match called.as_deref().and_then(Path::file_name).and_then(OsStr::to_str)
    {
        Some(SMART_PROXY) => {
            let folder = config.is_none().then_some(Path::new("."));
            let translation = smart_proxy::translate(folder, environment).context(LoadSnafu)?;
            (SMART_PROXY, translation.context(ValueSnafu { program: SMART_PROXY })?)
        }
        Some(INGRESS) => (INGRESS, ingress::translate(environment).context(ValueSnafu { program: INGRESS })?),
        _ => return Ok(OriginalConfig::default()),
    };
    let document = environment.get("ACG_CONFIG").map(String::as_str);
    let certificates = match Clowder::load(document)? {
        None => None,
        Some(clowder) => {
            let folder = tempfile::tempdir().context(CertificatesSnafu)?;
            let applied = if program == INGRESS {
                ingress::apply(&mut translation, &clowder, environment, folder.path())
            } else {
                smart_proxy::apply(&mut translation, &clowder, folder.path())
            };
            applied.context(CertificatesSnafu)?;
            Some(folder)
        }
    };
    Ok(OriginalConfig { variables: reported(program, translation), certificates })
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
