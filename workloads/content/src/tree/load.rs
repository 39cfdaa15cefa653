//! Loading a content tree from its files.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use ccx_messages::{ErrorKey, RuleSelector};
use serde::Deserialize;

use super::{ContentTree, LoadError, RuleStatus};
use crate::{
    Config, Content, Files, Group, Plugin, Problem, Publication, SyntaxError, Text, Texts,
    problem_kind::ProblemKind, yaml,
};

pub(crate) const CONFIG: &str = "config.yaml";
pub(crate) const GROUPS: &str = "groups_config.yaml";
pub(crate) const PLUGIN: &str = "plugin.yaml";
pub(crate) const METADATA: &str = "metadata.yaml";

/// The section of a rule whose folder lies directly in the root.
const DEFAULT_SECTION: &str = "external";

/// Loads a tree.
pub(super) fn load(files: &Files) -> Result<ContentTree, LoadError> {
    let shared = |problem| LoadError::Shared { problem };
    let config = Config::parse(CONFIG, files.get(CONFIG).ok_or(LoadError::NoConfig)?).map_err(shared)?;
    let groups = Group::parse(GROUPS, files.get(GROUPS).unwrap_or_default()).map_err(shared)?;
    Ok(load_rules(files, config, groups))
}

/// Loads the rules of a tree with the files that they share.
pub(crate) fn load_rules(files: &Files, config: Config, groups: Vec<Group>) -> ContentTree {
    let tree =
        ContentTree { config, groups, contents: BTreeMap::new(), rules: Vec::new(), digest: files.digest() };
    Loader { files, tree }.load()
}

struct Loader<'a> {
    files: &'a Files,
    tree: ContentTree,
}

impl Loader<'_> {
    fn load(mut self) -> ContentTree {
        for folder in rule_folders(self.files) {
            let mut status = RuleStatus { folder, rule: None, error_keys: Vec::new(), problems: Vec::new() };
            if let Err(problem) = self.load_rule(&mut status) {
                status.problems.push(problem);
            }
            self.tree.rules.push(status);
        }
        self.tree
    }

    /// Loads the rule of one folder. An error concerns all its keys.
    fn load_rule(&mut self, status: &mut RuleStatus) -> Result<(), Problem> {
        let plugin = Arc::new(self.plugin(&status.folder)?);
        let section = status.folder.split_once('/').map_or(DEFAULT_SECTION, |(section, _)| section).into();
        status.rule = Some(plugin.rule.clone());
        let folder = RuleFolder { path: status.folder.clone(), plugin, section };
        let key_folders = self.key_folders(&folder.path);
        if key_folders.is_empty() {
            return Err(Problem::error(&folder.path, ProblemKind::NoErrorKey));
        }
        for key_folder in key_folders {
            match self.load_key(&folder, &key_folder, &mut status.problems) {
                Ok(error_key) => status.error_keys.push(error_key),
                Err(problem) => status.problems.push(problem),
            }
        }
        Ok(())
    }

    fn plugin(&self, folder: &str) -> Result<Plugin, Problem> {
        let file = format!("{folder}/{PLUGIN}");
        let Some(text) = self.files.get(&file) else {
            return Err(Problem::error(file, ProblemKind::MissingFile));
        };
        let raw: RawPlugin = yaml::parse::<Option<_>>(&file, text)?.unwrap_or_default();
        let Some(module) = raw.python_module else {
            return Err(Problem::error(file, ProblemKind::NoModule));
        };
        let rule = module.parse().map_err(|reason| Problem::error(file, ProblemKind::Module { reason }))?;
        Ok(Plugin {
            rule,
            name: raw.name.unwrap_or_default(),
            node_id: raw.node_id.unwrap_or_default(),
            product_code: raw.product_code.unwrap_or_default(),
        })
    }

    /// Returns the names of the folders in a rule's folder: each is an error key.
    fn key_folders(&self, folder: &str) -> BTreeSet<String> {
        let below = format!("{folder}/");
        let paths = self.files.iter().filter_map(|(path, _)| path.strip_prefix(&below));
        paths.filter_map(|path| Some(path.split_once('/')?.0.to_owned())).collect()
    }

    fn load_key(
        &mut self,
        folder: &RuleFolder,
        name: &str,
        problems: &mut Vec<Problem>,
    ) -> Result<ErrorKey, Problem> {
        let path = format!("{}/{name}", folder.path);
        let error_key: ErrorKey =
            name.parse().map_err(|reason| Problem::error(&path, ProblemKind::ErrorKey { reason }))?;
        let selector = RuleSelector { rule: folder.plugin.rule.clone(), error_key: error_key.clone() };
        let metadata_file = format!("{path}/{METADATA}");
        if self.tree.find(&selector).is_some() {
            let first = self.folder_of(&selector);
            return Err(Problem::error(metadata_file, ProblemKind::Duplicate { selector, first }));
        }
        let Some(metadata) = self.files.get(&metadata_file) else {
            return Err(Problem::error(metadata_file, ProblemKind::MissingFile));
        };
        let metadata: RawMetadata = yaml::parse::<Option<_>>(&metadata_file, metadata)?.unwrap_or_default();
        let mut compiler = Compiler { problems };
        let texts = self.texts(&folder.path, &path, &mut compiler)?;
        let description =
            compiler.headline(metadata_file, metadata.description.as_deref().unwrap_or_default());
        self.tree.insert(content(selector, folder, metadata, description, texts, &self.tree.config));
        Ok(error_key)
    }

    /// Returns the folder that the content of a key was loaded from.
    fn folder_of(&self, selector: &RuleSelector) -> String {
        let is_of_key = |status: &&RuleStatus| {
            status.rule.as_ref() == Some(&selector.rule) && status.error_keys.contains(&selector.error_key)
        };
        let status = self.tree.rules.iter().find(is_of_key);
        status.map_or_else(|| "this folder".to_owned(), |status| status.folder.clone())
    }

    fn texts(&self, rule: &str, key: &str, compiler: &mut Compiler<'_>) -> Result<Texts, Problem> {
        let optional = |name| self.text(rule, key, name);
        let mandatory = |name| {
            let missing = || Problem::error(format!("{key}/{name}"), ProblemKind::MissingText);
            optional(name).map(Some).ok_or_else(missing)
        };
        Ok(Texts {
            generic: compiler.compile(mandatory("generic.md")?),
            reason: compiler.compile(mandatory("reason.md")?),
            resolution: compiler.compile(optional("resolution.md")),
            more_info: compiler.compile(optional("more_info.md")),
            summary: compiler.compile(optional("summary.md")),
        })
    }

    /// Returns the file and text of a key, or those of the rule where the key's text is absent or blank.
    fn text(&self, rule: &str, key: &str, name: &str) -> Option<(String, &str)> {
        let read = |folder: &str| {
            let file = format!("{folder}/{name}");
            self.files.get(&file).map(|source| (file, source))
        };
        let own = read(key);
        if own.as_ref().is_some_and(|(_, source)| !source.trim().is_empty()) {
            own
        } else {
            read(rule).or(own)
        }
    }
}

/// Compiles texts and collects their problems.
struct Compiler<'p> {
    problems: &'p mut Vec<Problem>,
}

impl Compiler<'_> {
    fn compile(&mut self, text: Option<(String, &str)>) -> Text {
        let Some((file, source)) = text else { return Text::default() };
        let (text, error) = Text::new(file, source.to_owned());
        if let Some(SyntaxError { position, kind }) = error {
            let problem =
                Problem::error(text.file(), ProblemKind::Template { reason: kind }).at(Some(position));
            // Several keys may share a text of their rule.
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
        text
    }

    /// Compiles a text within a YAML file, where its own line numbers have no meaning.
    fn headline(&mut self, file: String, source: &str) -> Text {
        let (text, error) = Text::new(file, source.to_owned());
        if let Some(error) = error {
            self.problems.push(Problem::error(text.file(), ProblemKind::Template { reason: error.kind }));
        }
        text
    }
}

/// Returns the folders of rules by path, also incomplete ones: without a `plugin.yaml`, but with a key.
///
/// The folders within a rule's folder are keys, never rules.
fn rule_folders(files: &Files) -> BTreeSet<String> {
    let of_plugins = files.iter().filter_map(|(path, _)| path.strip_suffix("/plugin.yaml"));
    let of_keys = files.iter().filter_map(|(path, _)| parent(path.strip_suffix("/metadata.yaml")?));
    let candidates: BTreeSet<&str> = of_plugins.chain(of_keys).collect();
    let is_outermost = |folder: &&&str| {
        let mut ancestors = std::iter::successors(parent(folder), |folder| parent(folder));
        !ancestors.any(|ancestor| candidates.contains(ancestor))
    };
    candidates.iter().filter(is_outermost).map(|&folder| folder.to_owned()).collect()
}

fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(parent, _)| parent)
}

/// A rule's folder with a valid `plugin.yaml`.
struct RuleFolder {
    path: String,
    plugin: Arc<Plugin>,
    section: Arc<str>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawPlugin {
    name: Option<String>,
    node_id: Option<String>,
    product_code: Option<String>,
    python_module: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawMetadata {
    description: Option<String>,
    impact: Option<String>,
    likelihood: Option<u8>,
    resolution_risk: Option<String>,
    publish_date: Option<String>,
    status: Option<Publication>,
    tags: Option<Vec<String>>,
}

fn content(
    selector: RuleSelector,
    folder: &RuleFolder,
    raw: RawMetadata,
    description: Text,
    texts: Texts,
    config: &Config,
) -> Content {
    Content {
        selector,
        plugin: Arc::clone(&folder.plugin),
        section: Arc::clone(&folder.section),
        description,
        impact: config.impact(&raw.impact.unwrap_or_default()),
        likelihood: raw.likelihood.unwrap_or_default(),
        resolution_risk: config.resolution_risk(&raw.resolution_risk.unwrap_or_default()),
        publish_date: raw.publish_date.unwrap_or_default(),
        publication: raw.status.unwrap_or_default(),
        tags: raw.tags.unwrap_or_default(),
        texts,
    }
}
