//! Reads a resource from a file.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use ccx_cli::{CliError, Exit};
use ccx_crds::{CcxPipeline, Refused};
use ccx_operator::{GivenDefaults, model::problem::ValidationErrors};
use serde_json::{Number, Value};
use serde_saphyr::options::DuplicateKeyPolicy;
use snafu::{ResultExt as _, Snafu};

use crate::{arguments::given, cli::ManifestArgs};

/// The file does not contain a valid resource.
#[derive(Debug, Snafu)]
pub(crate) enum ManifestError {
    #[snafu(display("failed to read {}", name(file)))]
    Read { file: PathBuf, source: io::Error },
    #[snafu(display("failed to parse {} as YAML", name(file)))]
    Parse { file: PathBuf, source: Box<serde_saphyr::Error> },
    #[snafu(display("{} is empty; write a CcxPipeline to it", name(file)))]
    Empty { file: PathBuf },
    #[snafu(display("{} has {count} resources; write each to a file of its own", name(file)))]
    Count { file: PathBuf, count: usize },
    #[snafu(display("the API server would refuse {}:\n  {}", name(file), refused.to_string().replace('\n', "\n  ")))]
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
        let fields =
            "`ccx-operator crd` and `kubectl explain ccxpipeline.spec` have every field with its description";
        matches!(self, Self::Empty { .. } | Self::Refuse { .. }).then(|| fields.into())
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

/// Returns the resource of the file, with a namespace: its own, that of the arguments, or `context`, that of the
/// kubeconfig.
pub(crate) fn read(args: &ManifestArgs, context: &str) -> Result<CcxPipeline, ManifestError> {
    let file = &args.file;
    let text = text(file).context(ReadSnafu { file })?;
    let documents = documents(&text).context(ParseSnafu { file })?;
    let document = match documents.as_slice() {
        [document] => document,
        [] => return EmptySnafu { file }.fail(),
        more => return CountSnafu { file, count: more.len() }.fail(),
    };
    let accepted = ccx_crds::accept(document, None)
        .map_err(|refused| ManifestError::Refuse { file: file.clone(), refused });
    let mut pipeline = accepted?;
    pipeline
        .metadata
        .namespace
        .get_or_insert_with(|| given(args.namespace.as_ref()).unwrap_or_else(|| context.to_owned()));
    Ok(pipeline)
}

/// Returns the defaults of the operator that the arguments name.
pub(crate) fn given_defaults(args: &ManifestArgs) -> GivenDefaults {
    GivenDefaults {
        image: given(args.image.as_ref()),
        database_image: given(args.database_image.as_ref()),
        namespace: given(args.operator_namespace.as_ref()),
    }
}

/// Returns the name of a file in messages.
fn name(file: &Path) -> String {
    if file == Path::new("-") { "standard input".into() } else { file.display().to_string() }
}

/// Returns the documents of a file that are not empty, with the values that kubectl reads in them: octal
/// numbers with a leading zero, the last one of equal keys, and whole numbers in any notation.
fn documents(text: &str) -> Result<Vec<Value>, Box<serde_saphyr::Error>> {
    let options = serde_saphyr::options! {
        legacy_octal_numbers: true,
        duplicate_keys: DuplicateKeyPolicy::LastWins,
    };
    let mut documents: Vec<Value> =
        serde_saphyr::from_multiple_with_options(text, options).map_err(Box::new)?;
    documents.retain(|document| !document.is_null());
    documents.iter_mut().for_each(write_whole_numbers);
    Ok(documents)
}

/// Replaces numbers such as `8.0` and `1e9` by the whole numbers that kubectl sends for them.
fn write_whole_numbers(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(whole) = whole_number(number) {
                *number = whole;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(write_whole_numbers),
        Value::Object(fields) => fields.values_mut().for_each(write_whole_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

fn whole_number(number: &Number) -> Option<Number> {
    let float = number.as_f64().filter(|float| number.is_f64() && float.fract() == 0.0)?;
    // Beyond 64 bits `format!` has digits that are not parsed as an integer.
    format!("{float:.0}").parse::<i64>().ok().map(Number::from)
}

fn text(file: &Path) -> io::Result<String> {
    if file == Path::new("-") { io::read_to_string(io::stdin()) } else { fs::read_to_string(file) }
}

fn list(errors: &ValidationErrors) -> String {
    let messages: Vec<&str> = errors.problems.iter().map(|problem| problem.message.as_str()).collect();
    messages.join("\n  ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(text: &str) -> Value {
        documents(text).unwrap().pop().unwrap()
    }

    #[test]
    fn numbers_are_read_as_kubectl_reads_them() {
        let written = "[8.0, 1e1, 010, 0x10, 1_000, 1e9, 0.5, 1.10]";
        assert_eq!(parse(written), json!([8, 10, 8, 16, 1000, 1_000_000_000, 0.5, 1.1]));
    }

    #[test]
    fn last_one_of_equal_keys_counts() {
        assert_eq!(parse("a: 1\na: 2\nb: {c: 1, c: 2}\n"), json!({"a": 2, "b": {"c": 2}}));
    }

    #[test]
    fn empty_documents_are_skipped() {
        assert_eq!(documents("---\n# nothing\n---\na: 1\n---\n").unwrap(), [json!({"a": 1})]);
    }
}
