//! Reading and checking of a directory of gathering rules.

use std::{
    fs, io,
    path::{Component, Path, PathBuf},
};

use ccx_messages::{JsonError, parse_json_object};
use semver::Version;
use serde::de::DeserializeOwned;
use snafu::{OptionExt, ResultExt, Snafu, ensure};

use super::{
    ChannelRules, RemoteConfiguration,
    format::{ConditionalRulesFile, RemoteConfigurationFile},
};

/// Longest file, in bytes: clusters read it, and every one gets all of it.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// Most releases in a mapping.
const MAX_RELEASES: usize = 1000;

/// The rules of all channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuleSet {
    pub(super) stable: ChannelRules,
    pub(super) canary: Option<ChannelRules>,
}

/// The gathering rules can't be used.
#[derive(Debug, Snafu)]
pub enum GatheringRulesError {
    /// A file can't be read.
    #[snafu(display("failed to read {}", path.display()))]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file is too large.
    #[snafu(display("{} is larger than {MAX_FILE_BYTES} bytes", path.display()))]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// A file is not JSON of its format.
    #[snafu(display("failed to parse {}", path.display()))]
    Json {
        /// The file.
        path: PathBuf,
        /// The place and the expectation.
        source: JsonError,
    },
    /// A file has values that the insights operator would refuse.
    #[snafu(display("{} is invalid: {faults}", path.display()))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Every fault with its path.
        faults: String,
    },
    /// The mapping of releases can't be used.
    #[snafu(display("{} is invalid: {reason}", path.display()))]
    Mapping {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
}

/// Reads the rules in a directory, or the built-in ones.
pub(super) fn read(directory: Option<&Path>) -> Result<RuleSet, GatheringRulesError> {
    let Some(directory) = directory else { return built_in() };
    let (stable, canary) = (directory.join("stable"), directory.join("canary"));
    let has_channels = stable.is_dir();
    Ok(RuleSet {
        stable: read_channel(if has_channels { &stable } else { directory })?,
        canary: (has_channels && canary.is_dir()).then(|| read_channel(&canary)).transpose()?,
    })
}

fn built_in() -> Result<RuleSet, GatheringRulesError> {
    let rules = include_str!("builtin/rules.json");
    let configuration = include_str!("builtin/remote_configuration.json");
    parse_rules(Path::new("builtin/rules.json"), rules)?;
    let first = Version::new(4, 0, 0);
    let file = parse_configuration(Path::new("builtin/remote_configuration.json"), configuration)?;
    let stable = ChannelRules { conditional_rules: rules.to_owned(), configurations: vec![(first, file)] };
    Ok(RuleSet { stable, canary: None })
}

fn read_channel(directory: &Path) -> Result<ChannelRules, GatheringRulesError> {
    let path = directory.join("v1/rules.json");
    let conditional_rules = text_of(&path)?;
    parse_rules(&path, &conditional_rules)?;
    Ok(ChannelRules { conditional_rules, configurations: read_configurations(&directory.join("v2"))? })
}

fn read_configurations(directory: &Path) -> Result<Vec<(Version, RemoteConfiguration)>, GatheringRulesError> {
    let path = directory.join("cluster_version_mapping.json");
    let mapping: Vec<(String, String)> =
        ccx_messages::parse_json(text_of(&path)?.as_bytes()).context(JsonSnafu { path: &path })?;
    let error = |reason: &str| MappingSnafu { path: path.clone(), reason: reason.to_owned() };
    ensure!((1..=MAX_RELEASES).contains(&mapping.len()), error("must have 1 to 1000 releases"));
    let mut configurations: Vec<(Version, RemoteConfiguration)> = Vec::new();
    for (release, file) in mapping {
        let version = Version::parse(&release).ok();
        let version = version.context(error(&format!("{release:?} is not a version")))?;
        let is_ascending =
            configurations.last().is_none_or(|(last, _)| last.cmp_precedence(&version).is_lt());
        ensure!(is_ascending, error(&format!("{release} is not after the release before it")));
        // A path that leads out of the directory would serve other files of this machine.
        let is_within = Path::new(&file).components().all(|part| matches!(part, Component::Normal(_)));
        ensure!(is_within, error(&format!("{file:?} is not a file below remote_configurations")));
        let configuration = directory.join("remote_configurations").join(&file);
        let found = parse_configuration(&configuration, &text_of(&configuration)?)?;
        configurations.push((version, found));
    }
    Ok(configurations)
}

fn parse_configuration(path: &Path, json: &str) -> Result<RemoteConfiguration, GatheringRulesError> {
    let file: RemoteConfigurationFile = parse(path, json)?;
    file.check().map_err(|faults| InvalidSnafu { path, faults }.build())?;
    Ok(RemoteConfiguration { version: file.version, json: json.to_owned() })
}

fn parse_rules(path: &Path, json: &str) -> Result<(), GatheringRulesError> {
    let file: ConditionalRulesFile = parse(path, json)?;
    file.check().map_err(|faults| InvalidSnafu { path, faults }.build())
}

fn parse<T: DeserializeOwned>(path: &Path, json: &str) -> Result<T, GatheringRulesError> {
    parse_json_object(json.as_bytes()).context(JsonSnafu { path })
}

fn text_of(path: &Path) -> Result<String, GatheringRulesError> {
    let length = fs::metadata(path).context(ReadSnafu { path })?.len();
    ensure!(length <= MAX_FILE_BYTES, TooLargeSnafu { path });
    fs::read_to_string(path).context(ReadSnafu { path })
}
