//! Reads a resource from a file.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use ccx_cli::{CliError, Exit};
use ccx_crds::{CcxPipeline, Refused};
use ccx_operator::{model::problem::ValidationErrors, validate::OperatorDefaults};
use serde_json::Value;
use snafu::{ResultExt as _, Snafu};

use crate::cli::ManifestArgs;

/// The file does not contain a valid resource.
#[derive(Debug, Snafu)]
pub(crate) enum ManifestError {
    #[snafu(display("failed to read {}", file.display()))]
    Read { file: PathBuf, source: io::Error },
    #[snafu(display("failed to parse {} as YAML", file.display()))]
    Parse { file: PathBuf, source: Box<serde_saphyr::Error> },
    #[snafu(display("the API server would refuse {}:\n  {}", file.display(), refused.to_string().replace('\n', "\n  ")))]
    Refuse { file: PathBuf, refused: Refused },
}

/// The resource can't be built.
#[derive(Debug, Snafu)]
#[snafu(display("the resource has {} problem(s):\n  {}", errors.problems.len(), list(errors)))]
pub(crate) struct Invalid {
    errors: ValidationErrors,
}

impl CliError for ManifestError {
    fn exit(&self) -> Exit {
        Exit::Setup
    }

    fn advice(&self) -> Option<String> {
        Some("`ccx-operator crd` and `kubectl explain ccxpipeline.spec` have every field with its description; one file holds one resource".into())
    }
}

impl CliError for Invalid {
    fn exit(&self) -> Exit {
        Exit::Setup
    }
}

impl From<ValidationErrors> for Invalid {
    fn from(errors: ValidationErrors) -> Self {
        Self { errors }
    }
}

/// Returns the resource of the file, with a namespace.
pub(crate) fn read(args: &ManifestArgs) -> Result<CcxPipeline, ManifestError> {
    let file = &args.file;
    let text = text(file).context(ReadSnafu { file })?;
    let document: Value = serde_saphyr::from_str(&text).map_err(Box::new).context(ParseSnafu { file })?;
    let accepted = ccx_crds::accept(&document, None)
        .map_err(|refused| ManifestError::Refuse { file: file.clone(), refused });
    let mut pipeline = accepted?;
    pipeline.metadata.namespace.get_or_insert_with(|| args.namespace.clone());
    Ok(pipeline)
}

/// Returns the defaults of the operator.
pub(crate) fn defaults(args: &ManifestArgs) -> OperatorDefaults {
    args.image.clone().map_or_else(OperatorDefaults::default, |image| OperatorDefaults { image })
}

fn text(file: &Path) -> io::Result<String> {
    if file == Path::new("-") { io::read_to_string(io::stdin()) } else { fs::read_to_string(file) }
}

fn list(errors: &ValidationErrors) -> String {
    let messages: Vec<&str> = errors.problems.iter().map(|problem| problem.message.as_str()).collect();
    messages.join("\n  ")
}
